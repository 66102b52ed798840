"""Accrue what plans and packs earn: the margins of days through today get what they lack of it."""

from __future__ import annotations

from functools import partial

from solvent.billing import accrual_store
from solvent.billing.accrual import AddEarned
from solvent.db.port import Database


async def accrue(add_earned: AddEarned, currency: str, database: Database, now_us: int) -> int:
    """Returns how many days of schedules were added. Safe to run again, also after a crash, and in two processes.

    What is to be done is looked for beside the writer, and done some hundreds at once, so that answers are not held
    up. A day that nobody was there for gets its own part later. add_earned: writes the roll-ups; see `accrual`.
    """
    done = 0
    add = partial(accrual_store.accrue_some, add_earned=add_earned, now_us=now_us)
    due = partial(accrual_store.due, currency=currency, now_us=now_us)
    while ids := await database.read(due):
        done += await database.write(partial(add, ids=ids))
    ids = await database.read(partial(accrual_store.used_since, currency=currency, after=""))
    while ids:
        done += await database.write(partial(add, ids=ids))
        ids = await database.read(partial(accrual_store.used_since, currency=currency, after=ids[-1]))
    return done
