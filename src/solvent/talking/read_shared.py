"""Read what is shared under a link: whoever has it may."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import Conversation, no_such_conversation
from solvent.talking.turn import Turn, path_to, settled


async def read_shared(link: str, database: Database, now_us: int) -> tuple[Conversation, list[Turn]]:
    """The branch that was shared. Raises NotFound for a link that leads nowhere, or no more."""

    def work(connection: Connection) -> tuple[Conversation, list[Turn]]:
        found = store.linked(connection, link) if link.isprintable() else None
        if found is None:
            raise no_such_conversation()
        path = path_to(store.turns_of(connection, found.id), found.shared)
        return found, [settled(turn, now_us) for turn in path]

    return await database.read(work)
