"""Delete what is known of videos that ended long ago. Their receipts stay."""

from __future__ import annotations

from functools import partial

from solvent.db.port import Database
from solvent.filming import store
from solvent.values.instant import DAY_US
from solvent.values.limits import VIDEO_DAYS, VIDEOS_FORGOTTEN_AT_ONCE


async def forget_old_videos(database: Database, now_us: int) -> int:
    """Returns how many there were."""
    forgotten = 0
    while True:
        before_us = now_us - VIDEO_DAYS * DAY_US
        some = await database.write(partial(store.forget_old, before_us=before_us, most=VIDEOS_FORGOTTEN_AT_ONCE))
        forgotten += some
        if some < VIDEOS_FORGOTTEN_AT_ONCE:
            return forgotten
