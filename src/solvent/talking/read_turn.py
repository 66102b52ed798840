"""Read one turn of one's own: what has come of a question by now."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import Owner, no_such_conversation
from solvent.talking.turn import Turn, settled


async def read_turn(id: str, owner: Owner, database: Database, now_us: int) -> Turn:
    """Raises NotFound for one that is not theirs."""

    def work(connection: Connection) -> Turn:
        found = store.turn(connection, id, owner) if id.isprintable() else None
        if found is None:
            raise no_such_conversation()
        return settled(found, now_us)

    return await database.read(work)
