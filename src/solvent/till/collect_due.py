"""Collect what subscriptions owe: charge cards, try again in time, let grace run out, give up.

What each invoice needs is worked out from its orders, so that a run that broke off goes on where it was.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from solvent.audit.act import Act, by_system
from solvent.billing import unpaid_store
from solvent.billing.order import INVOICE, PaymentOrder
from solvent.billing.rails import Rails
from solvent.billing.subscription import Subscription
from solvent.billing.unpaid_store import Unpaid
from solvent.db.port import Database
from solvent.till.charge_order import charge_order
from solvent.values.errors import Conflict, NotFound, Refused
from solvent.values.limits import RENEWALS_AT_ONCE


class Collected(msgspec.Struct, frozen=True):
    """What one run did: invoices paid, charges that failed, subscriptions that became late or ended."""

    paid: int = 0
    failed: int = 0
    late: int = 0
    ended: int = 0

    def __add__(self, other: Collected) -> Collected:
        return Collected(
            self.paid + other.paid, self.failed + other.failed, self.late + other.late, self.ended + other.ended
        )


async def collect_due(rails: Rails, database: Database, now_us: int) -> Collected:
    """One step for each unpaid invoice of a running subscription; and an end to what nobody ever paid for."""
    await database.write(lambda connection: unpaid_store.end_waiting(connection, now_us))
    done = Collected()
    page = await _page("", database)
    while page:
        for subscription in page:
            done += await _collect(subscription.id, rails, database, now_us)
        page = await _page(page[-1].id, database)
    return done


async def _page(after: str, database: Database) -> list[Subscription]:
    return await database.read(lambda connection: unpaid_store.unpaid_after(connection, after, RENEWALS_AT_ONCE))


async def _collect(id: str, rails: Rails, database: Database, now_us: int) -> Collected:
    unpaid = await database.write(lambda connection: unpaid_store.look(connection, id, now_us))
    if unpaid is None or unpaid.step == "wait":
        return Collected()
    if unpaid.step == "give_up":
        await database.write(lambda connection: unpaid_store.give_up(connection, id, now_us))
        return Collected(ended=1)
    if unpaid.step == "charge":
        order = await _charge(unpaid, rails, database, now_us)
        if order is not None and order.is_paid:
            return Collected(paid=1)
        if order is not None and order.state == "open":
            return Collected()
    await database.write(lambda connection: unpaid_store.fall_behind(connection, id, now_us))
    return Collected(failed=1) if unpaid.step == "charge" else Collected(late=1)


async def _charge(unpaid: Unpaid, rails: Rails, database: Database, now_us: int) -> PaymentOrder | None:
    """None when there is nothing saved to charge, or it cannot be charged over any rail."""
    subscription = unpaid.subscription
    step = f"charge/{subscription.invoice}/{unpaid.charges}"  # what was paid and given back is charged anew
    entropy = int.from_bytes(sha256(step.encode()).digest()[:8], "big")
    name = unpaid.plan.title.ko or unpaid.plan.title.en or unpaid.plan.name
    act: Act = by_system(step, now_us)
    try:
        return await charge_order(
            subscription.customer, f"{INVOICE}:{subscription.invoice}", unpaid.due, name, rails, database, act, entropy
        )
    except (NotFound, Refused, Conflict):
        return None
