"""List somebody's conversations, or those of them that have certain words."""

from __future__ import annotations

from functools import partial

from solvent.db.port import Database
from solvent.talking import store
from solvent.talking.conversation import Conversation, Owner
from solvent.values.errors import Invalid
from solvent.values.limits import CONVERSATIONS_LISTED, NAME_CHARACTERS_MAX


async def list_conversations(owner: Owner, sought: str, before_us: int, database: Database) -> list[Conversation]:
    """The last ones used, newest first, up to CONVERSATIONS_LISTED; before_us: only those used before then, 0 for any.

    Raises Invalid for words nobody could have written.
    """
    if len(sought) > NAME_CHARACTERS_MAX or not sought.isprintable():
        words = f"what is looked for has at most {NAME_CHARACTERS_MAX} characters that can be printed"
        raise Invalid("bad_search", words, param="sought")
    look = partial(
        store.newest, owner=owner, sought=sought.strip(), before_us=before_us, count=CONVERSATIONS_LISTED
    )  # fmt: skip
    return await database.read(look)
