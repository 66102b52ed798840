"""Cancel a run that was asked for: one that waits ends at once, one that runs within a moment."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.simulation import asked_run_store as store
from solvent.simulation.asked_run import CANCELLED, AskedRun
from solvent.values.errors import Conflict


async def cancel_run(id: str, act: Act, database: Database) -> AskedRun:
    """Raises NotFound for none, and Conflict for one that has ended."""

    def work(connection: Connection) -> AskedRun:
        def effect() -> str:
            found = store.by_id(connection, id)
            if not found.is_active:
                raise Conflict("asked_run_ended", f"run {id} is {found.state}; there is nothing left to cancel")
            if found.state == "waiting":
                store.end(connection, id, CANCELLED, act.at_us)
            else:
                store.change(connection, id, state="cancelling")
            return id

        once(connection, act, "simulation.cancel", id, effect, str)
        return store.by_id(connection, id)

    return await database.write(work)
