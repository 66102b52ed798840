"""Sweep what has expired: allowances, packs, gifts and credit lines whose time is over give back what is left."""

from __future__ import annotations

from solvent.billing import quota_store
from solvent.db.port import Connection, Database
from solvent.values.limits import RENEWALS_AT_ONCE


async def expire_pots(database: Database, now_us: int) -> int:
    """Returns how many pots are closed by it. What answers under way still hold goes in a later run."""
    closed = 0
    after = ""
    while True:
        start = after

        def work(connection: Connection, start: str = start) -> tuple[int, str]:
            over = quota_store.expired(connection, now_us, start, RENEWALS_AT_ONCE)
            if not over:
                return 0, ""
            following = quota_store.following_of(connection, over)
            return quota_store.drain(connection, over, following, now_us), over[-1].account

        some, after = await database.write(work)
        closed += some
        if not after:
            return closed
