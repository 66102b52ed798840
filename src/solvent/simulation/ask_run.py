"""Ask a running service for a run of the simulator: it begins within a second, where no other runs."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.simulation import asked_run_store as store
from solvent.simulation.asked_run import AskedRun
from solvent.simulation.kept_run_store import demand_free
from solvent.values.errors import Conflict


async def ask_run(id: str, words: list[str], files: bytes, keep: str, act: Act, database: Database) -> AskedRun:
    """words: of its command, after `solvent`. files: see `files_packed`. keep: the name that it is to be kept under.

    Raises Conflict while another runs, and where that name is taken.
    """

    def work(connection: Connection) -> AskedRun:
        def effect() -> str:
            if keep:
                demand_free(connection, keep)
            running = store.active(connection)
            if running:
                message = f"a simulation runs already ({running[0].id}); wait for its end, or cancel it"
                raise Conflict("simulation_running", message)
            store.add(connection, AskedRun(id, act.at_us, act.actor, msgspec.json.encode(words).decode()), files)
            return id

        asked, _ = once(connection, act, "simulation.ask", id, effect, str)
        return store.by_id(connection, asked)

    return await database.write(work)
