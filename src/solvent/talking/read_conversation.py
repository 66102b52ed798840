"""Read a conversation of one's own, with all its turns."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import Conversation, Owner, no_such_conversation
from solvent.talking.turn import Turn, settled
from solvent.values.ids import TurnId


async def read_conversation(
    id: str, owner: Owner, database: Database, now_us: int
) -> tuple[Conversation, dict[TurnId, Turn]]:  # fmt: skip
    """The turns by their ids, the oldest first. Raises NotFound for one that is not theirs."""

    def work(connection: Connection) -> tuple[Conversation, dict[TurnId, Turn]]:
        found = store.conversation(connection, id, owner) if id.isprintable() else None
        if found is None:
            raise no_such_conversation()
        return found, {id: settled(turn, now_us) for id, turn in store.turns_of(connection, found.id).items()}

    return await database.read(work)
