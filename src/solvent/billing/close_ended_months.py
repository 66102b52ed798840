"""Close the months whose time has come, in their order: nobody has to remember to."""

from __future__ import annotations

from functools import partial

from solvent.audit.act import by_system
from solvent.billing import close_store
from solvent.billing.accrual import AddEarned
from solvent.billing.close import UsageReader
from solvent.billing.close_month import DAY_US, close_month
from solvent.db.port import Database
from solvent.values.limits import MONTHS_CLOSED_AT_ONCE_MAX


async def close_ended_months(
    after_days: int, currency: str, usage: UsageReader, database: Database, now_us: int, *, due_days: int = 14,
    add_earned: AddEarned | None = None,
) -> list[int]:  # fmt: skip
    """Returns the months that were closed: each that ended at least so many times 24 hours ago.

    The others as in `close_month`, which raises what it raises: the months after that one wait for it. Several
    processes may do this at once, and people beside them: each month is closed once.
    """
    closed: list[int] = []
    while len(closed) < MONTHS_CLOSED_AT_ONCE_MAX:
        month = await database.read(partial(close_store.next_ended, before_us=now_us - after_days * DAY_US))
        if month is None or month in closed:
            break
        act = by_system(f"close/{month}", now_us)
        await close_month(month, currency, usage, database, act, due_days=due_days, add_earned=add_earned)
        closed.append(month)
    return closed
