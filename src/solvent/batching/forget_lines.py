"""Delete the lines of batches that have ended: what came of them is in their files."""

from __future__ import annotations

from functools import partial

from solvent.batching import store
from solvent.db.port import Database
from solvent.values.limits import BATCH_LINES_AT_ONCE


async def forget_lines(database: Database) -> None:
    """Little by little: answers wait for each transaction."""
    for batch in await database.read(store.ended_with_lines):
        while await database.write(partial(store.forget_lines, batch=batch, most=BATCH_LINES_AT_ONCE)):
            pass
