"""Renew what is due: the periods that are over end, the next begin. Safe to run again, also after a crash."""

from __future__ import annotations

from functools import partial
from typing import Final

from solvent.audit import alarm_store
from solvent.audit.alarm import Alarm, alarm
from solvent.billing import renewal_store
from solvent.billing.renewal_store import Renewed
from solvent.billing.subscription import Subscription
from solvent.db.port import Database
from solvent.values.errors import Conflict, Invalid, NotFound, Refused, SolventError
from solvent.values.instant import DAY_US
from solvent.values.limits import RENEWALS_AT_ONCE

# What may be wrong with one subscription. Books that are out of reach are so for all, and stop the run.
_WRONG: Final = (Invalid, Refused, NotFound, Conflict)


async def renew_due(database: Database, now_us: int) -> Renewed:
    """Returns how many periods were renewed, how many subscriptions ended, and how many were left out.

    Some hundreds in one transaction, so that answers are not held up. A subscription that missed several periods is
    renewed once for each, in order. One that cannot be renewed is left out, and an alarm a day says why; the next run
    tries it again. Nothing is charged here: `collect_due` does.
    """
    done = Renewed()
    left_out: set[str] = set()
    while True:
        together = partial(renewal_store.renew, now_us=now_us, count=RENEWALS_AT_ONCE, without=frozenset(left_out))
        try:
            some = await database.write(together)
        except _WRONG:
            some = await _renew_apart(database, now_us, left_out)
        if some == Renewed():
            return done
        done += some


async def _renew_apart(database: Database, now_us: int, left_out: set[str]) -> Renewed:
    """Each in a transaction of its own, so that nobody's renewal waits for somebody else's. Adds to `left_out`."""
    find = partial(renewal_store.due_now, now_us=now_us, count=RENEWALS_AT_ONCE, without=frozenset(left_out))
    done = Renewed()
    for subscription in await database.read(find):
        try:
            done += await database.write(partial(renewal_store.renew_one, id=subscription.id, now_us=now_us))
        except _WRONG as wrong:
            raised = _not_renewed(subscription, wrong, now_us)
            await database.write(partial(alarm_store.raise_alarms, raised=[raised]))
            left_out.add(subscription.id)
            done += Renewed(left_out=1)
    return done


def _not_renewed(subscription: Subscription, wrong: SolventError, now_us: int) -> Alarm:
    once_for = f"{subscription.id}/{wrong.code}/{now_us // DAY_US}"
    return alarm(
        "not_renewed", subscription.customer, once_for, now_us, subscription=subscription.id, code=wrong.code,
        why=wrong.message,
    )  # fmt: skip
