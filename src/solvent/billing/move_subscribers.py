"""Bring everybody who is on older terms of a plan onto the newest, each with the first period after a date."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import plan_store, subscription_store
from solvent.db.port import Connection, Database
from solvent.values.errors import Invalid
from solvent.values.instant import DAY_US, iso
from solvent.values.limits import NOTICE_DAYS_MIN


class Moving(msgspec.Struct, frozen=True):
    """From from_us on, periods that begin are on this version. customers: how many are on an older one now."""

    plan: str
    version: int
    from_us: int
    customers: int


async def move_subscribers(
    name: str, from_us: int, act: Act, database: Database, *, notice_days: int = NOTICE_DAYS_MIN
) -> tuple[Moving, bool]:
    """from_us: at least notice_days of 24 hours from now, so that customers can be told and leave before.

    Returns what is to happen, and whether this is new. Raises Invalid for a plan that is not on sale, or a date that
    leaves less time.
    """
    if from_us < act.at_us + notice_days * DAY_US:
        message = f"from: {iso(from_us)} leaves less than {notice_days} days of notice; choose a later date"
        raise Invalid("notice_too_short", message, param="from")

    def work(connection: Connection) -> tuple[Moving, bool]:
        def effect() -> Moving:
            plan = plan_store.demand_on_sale(connection, name)
            plan_store.set_moves(connection, name, plan.version, from_us)
            counts = subscription_store.count_on(connection)
            customers = sum(n for (on, version), n in counts.items() if on == name and version < plan.version)
            return Moving(name, plan.version, from_us, customers)

        return once(connection, act, "plan.move", name, effect, Moving)

    return await database.write(work)
