"""Keep a run of the simulator with its papers: under a name until it is removed, or under its date for a while."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.simulation import kept_run_store as store
from solvent.simulation.kept_run import KeptRun, Papers, run_name, too_many
from solvent.values.errors import Refused
from solvent.values.limits import RUNS_NAMED_MAX


class Kept(msgspec.Struct, frozen=True):
    """name: the one that it has now; a date that was taken got a number."""

    name: str


async def keep_run(run: KeptRun, papers: Papers, act: Act, database: Database) -> Kept:
    """Raises Invalid for a bad name, Conflict for one that is taken, and Refused where there are too many."""
    run_name(run.name)

    def work(connection: Connection) -> tuple[Kept, bool]:
        def effect() -> Kept:
            name = _free(connection, run.name) if run.is_dated else run.name
            if not run.is_dated:
                store.demand_free(connection, name)
                if store.count_runs(connection, is_dated=False) >= RUNS_NAMED_MAX:
                    message = f"{RUNS_NAMED_MAX} named runs are kept; remove some with `solvent simulate runs remove`"
                    raise Refused("too_many_runs", message, param="keep")
            store.add_run(connection, msgspec.structs.replace(run, name=name), papers)
            store.remove_oldest_dated(connection, too_many(store.count_runs(connection, is_dated=True)))
            return Kept(name)

        return once(connection, act, "simulation.keep", run.name, effect, Kept)

    kept, _ = await database.write(work)
    return kept


def _free(connection: Connection, name: str) -> str:
    """A date with a number behind it, where two runs ended in one second."""
    free, number = name, 1
    while store.has_run(connection, free):
        number += 1
        free = f"{name}.{number}"
    return free
