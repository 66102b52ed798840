"""Renew what is due: the periods that are over end, the next begin. Safe to run again, also after a crash."""

from __future__ import annotations

from solvent.billing import renewal_store
from solvent.billing.renewal_store import Renewed
from solvent.db.port import Database
from solvent.values.limits import RENEWALS_AT_ONCE


async def renew_due(database: Database, now_us: int) -> Renewed:
    """Returns how many periods were renewed and how many subscriptions ended.

    Some hundreds in one transaction, so that answers are not held up. A subscription that missed several periods is
    renewed once for each, in order. Nothing is charged here: `collect_due` does.
    """
    done = Renewed()
    while True:
        some = await database.write(lambda connection: renewal_store.renew(connection, now_us, RENEWALS_AT_ONCE))
        if not some.renewed and not some.ended:
            return done
        done += some
