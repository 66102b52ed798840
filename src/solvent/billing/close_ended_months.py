"""Close the month whose time has come: nobody has to remember to."""

from __future__ import annotations

from functools import partial

from solvent.audit.act import by_system
from solvent.billing import close_store
from solvent.billing.accrual import AddEarned
from solvent.billing.close import Fold, UsageReader
from solvent.billing.close_month import close_month
from solvent.db.port import Database
from solvent.ledger.journal_store import last_instant
from solvent.values.errors import Conflict
from solvent.values.instant import DAY_US
from solvent.values.limits import CLOSE_BY_ITSELF_DAYS


async def close_ended_months(
    after_days: int, currency: str, usage: UsageReader, database: Database, now_us: int, *, due_days: int = 14,
    add_earned: AddEarned | None = None, fold: Fold | None = None,
) -> list[int]:  # fmt: skip
    """Returns the month that was closed, if any: the one whose turn it is, when it ended so many times 24 hours ago.

    One at a time, and none while the journal's last row is long before now: then a clock may be wrong, and what is
    sealed stays sealed. Raises Conflict for that, and what `close_month` raises. Several processes may do this at once,
    and people beside them: each month is closed once.
    """
    month = await database.read(partial(close_store.next_ended, before_us=now_us - after_days * DAY_US))
    if month is None:
        return []
    last_us = await database.read(last_instant)
    if last_us is None or now_us - last_us > CLOSE_BY_ITSELF_DAYS * DAY_US:
        message = f"nothing was booked for {CLOSE_BY_ITSELF_DAYS} days; if the clock is right, close {month} yourself"
        raise Conflict("books_too_old", message, param="month")
    act = by_system(f"close/{month}", now_us)
    await close_month(month, currency, usage, database, act, due_days=due_days, add_earned=add_earned, fold=fold)
    return [month]
