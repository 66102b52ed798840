"""Claim the next batch that nobody runs: the oldest, one of each customer at a time."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import cache

from solvent.batching import store
from solvent.batching.batch import Batch
from solvent.db.port import Connection, Database


async def claim_batch(
    holder: str, running: Set[str], is_alive: Callable[[str], bool], database: Database
) -> Batch | None:
    """holder: this process, and running: the batches that it runs. is_alive: whether a process still runs.

    Those whose process is dead are taken over. None when nothing is left to run.
    """

    def look(connection: Connection) -> Batch | None:
        return _next(store.unfinished(connection), holder, running, cache(is_alive))

    def work(connection: Connection) -> Batch | None:
        found = look(connection)
        if found is not None:
            store.change(connection, found.id, holder=holder)
        return found

    return await database.write(work) if await database.read(look) is not None else None


def _next(batches: list[Batch], holder: str, running: Set[str], is_alive: Callable[[str], bool]) -> Batch | None:
    waiting, busy = [], set()
    for batch in batches:
        is_run = batch.id in running if batch.holder == holder else batch.holder and is_alive(batch.holder)
        if is_run:
            busy.add(batch.customer)
        else:
            waiting.append(batch)
    ready = (batch for batch in waiting if batch.customer not in busy or batch.state == "cancelling")
    return next(ready, None)
