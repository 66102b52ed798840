"""Tell how far a run is, and hear whether it is to go on."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.simulation import asked_run_store as store
from solvent.simulation.asked_run import AskedRun


async def tell_run(before: AskedRun, stage: str, done: int, whole: int, database: Database) -> AskedRun:
    """The run as it is now. Nothing is written where it is no further than before."""
    if (before.stage, before.done, before.whole) == (stage, done, whole):
        return await database.read(lambda connection: store.by_id(connection, before.id))

    def work(connection: Connection) -> AskedRun:
        store.change(connection, before.id, stage=stage, done=done, whole=whole)
        return store.by_id(connection, before.id)

    return await database.write(work)
