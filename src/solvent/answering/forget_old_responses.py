"""Delete the kept responses whose time is over."""

from __future__ import annotations

from functools import partial

from solvent.answering import kept_store
from solvent.db.port import Database
from solvent.values.limits import RESPONSES_FORGOTTEN_AT_ONCE


async def forget_old_responses(database: Database, now_us: int) -> int:
    """Returns how many there were."""
    forgotten = 0
    while True:
        some = await database.write(partial(kept_store.forget_over, now_us=now_us, most=RESPONSES_FORGOTTEN_AT_ONCE))
        forgotten += some
        if some < RESPONSES_FORGOTTEN_AT_ONCE:
            return forgotten
