"""End a run that was asked for: done, failed, cancelled or lost."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.simulation import asked_run_store as store
from solvent.simulation.asked_run import End


async def end_run(id: str, how: End, now_us: int, database: Database) -> None:
    """One that has ended already stays as it ended."""

    def work(connection: Connection) -> None:
        if store.by_id(connection, id).is_active:
            store.end(connection, id, how, now_us)

    await database.write(work)
