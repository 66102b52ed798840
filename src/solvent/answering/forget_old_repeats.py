"""Delete what is known of questions that were asked under an `Idempotency-Key` more than a day ago."""

from __future__ import annotations

from functools import partial

from solvent.answering import repeat_store
from solvent.db.port import Database
from solvent.values.instant import DAY_US
from solvent.values.limits import RESPONSES_FORGOTTEN_AT_ONCE


async def forget_old_repeats(database: Database, now_us: int) -> int:
    """Returns how many there were."""
    forgotten = 0
    while True:
        work = partial(repeat_store.forget_over, before_us=now_us - DAY_US, most=RESPONSES_FORGOTTEN_AT_ONCE)
        some = await database.write(work)
        forgotten += some
        if some < RESPONSES_FORGOTTEN_AT_ONCE:
            return forgotten
