"""Claim the run that waits, where none runs; those whose process has died are told as lost first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from solvent.db.port import Connection, Database
from solvent.simulation import asked_run_store as store
from solvent.simulation.asked_run import AskedRun


async def claim_run(
    holder: str, is_alive: Callable[[str], bool], now_us: int, database: Database
) -> tuple[AskedRun, bytes] | None:
    """The run with its files. None where nothing waits, or another runs. holder: this process."""

    def is_due(connection: Connection) -> bool:
        found = store.active(connection)
        return any(one.state == "waiting" or (one.holder and not is_alive(one.holder)) for one in found)

    def work(connection: Connection) -> tuple[AskedRun, bytes] | None:
        store.end_lost(connection, cache(is_alive), now_us)
        waiting = store.active(connection)
        if not waiting or any(one.state != "waiting" for one in waiting):
            return None
        store.change(connection, waiting[0].id, state="running", holder=holder, stage="reading")
        return store.by_id(connection, waiting[0].id), store.files_of(connection, waiting[0].id)

    return await database.write(work) if await database.read(is_due) else None
