"""End a turn: keep what was told of its answer, and how that ended."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.turn import State
from solvent.values.ids import TurnId


async def end_turn(id: TurnId, answer: str, state: State, fault: str, database: Database) -> None:
    """fault: the code of what went wrong; "" for nothing."""
    clean = answer.replace("\x00", "")  # which one of the databases cannot keep

    def work(connection: Connection) -> None:
        store.change_turn(connection, id, answer=clean, state=state, fault=fault)

    await database.write(work)
