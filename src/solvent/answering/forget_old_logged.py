"""Delete the answers of the request log whose time is over."""

from __future__ import annotations

from functools import partial

from solvent.answering import logged_store
from solvent.db.port import Database
from solvent.values.limits import LOG_FORGOTTEN_AT_ONCE


async def forget_old_logged(database: Database, now_us: int) -> int:
    """Returns how many there were."""
    forgotten = 0
    while True:
        some = await database.write(partial(logged_store.forget_over, now_us=now_us, most=LOG_FORGOTTEN_AT_ONCE))
        forgotten += some
        if some < LOG_FORGOTTEN_AT_ONCE:
            return forgotten
