"""Change a conversation: its title, the branch that is shown, a link for others, or that it is deleted."""

from __future__ import annotations

from typing import Any

import msgspec

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import Change, Conversation, Owner, clean_title, no_such_conversation
from solvent.talking.turn import leaf_under
from solvent.values.ids import TurnId


async def change_conversation(
    id: str, owner: Owner, wanted: Change, database: Database, now_us: int
) -> Conversation:  # fmt: skip
    """A branch is shown to its newest end; a link leads to the branch that is shown now.

    Raises NotFound for another's conversation or turn, and Invalid for a title that is none.
    """
    title = clean_title(wanted.title) if wanted.title is not None else None

    def work(connection: Connection) -> Conversation:
        brings_back = wanted.is_deleted is False
        found = store.conversation(connection, id, owner, deleted=brings_back) if id.isprintable() else None
        if found is None:
            raise no_such_conversation()
        columns: dict[str, Any] = {}
        if title is not None:
            columns["title"] = title
        if wanted.leaf is not None:
            columns["leaf"] = _leaf(connection, found, wanted.leaf)
        if wanted.link is not None:
            columns["link"] = wanted.link or None
            columns["shared"] = columns.get("leaf", found.leaf) if wanted.link else ""
        if wanted.is_deleted is not None:
            columns["deleted_us"] = now_us if wanted.is_deleted else 0
        if columns:
            store.change(connection, found.id, **columns)
        return msgspec.structs.replace(found, **columns)

    return await database.write(work)


def _leaf(connection: Connection, conversation: Conversation, id: TurnId) -> TurnId:
    turns = store.turns_of(connection, conversation.id)
    if id not in turns:
        raise no_such_conversation()
    return leaf_under(list(turns.values()), id)
