"""Open a picture that came with a question of one's own."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import Owner, no_such_conversation
from solvent.talking.turn import Picture
from solvent.values.ids import TurnId


async def open_picture(turn: str, number: int, owner: Owner, database: Database) -> Picture:
    """number: from 0 on. Raises NotFound for another's, and where there is none."""

    def work(connection: Connection) -> Picture:
        found = store.turn(connection, turn, owner) if turn.isprintable() else None
        pictures = store.pictures_of(connection, [TurnId(turn)]).get(TurnId(turn), []) if found is not None else []
        if not 0 <= number < len(pictures):
            raise no_such_conversation()
        return pictures[number]

    return await database.read(work)
