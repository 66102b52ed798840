"""Collect what is owed for plans, use and packs: charge cards, try again in time, let grace run out, give up.

What each invoice needs is worked out from its orders, so that a run that broke off goes on where it was.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from solvent.audit.act import Act, by_system
from solvent.billing import owed_store, unpaid_store
from solvent.billing.order import INVOICE, PaymentOrder
from solvent.billing.rails import Rails
from solvent.billing.subscription import Subscription
from solvent.db.port import Database
from solvent.invoicing.invoice import InvoiceId
from solvent.invoicing.number import number_text
from solvent.till.charge_order import charge_order
from solvent.values.errors import Conflict, NotFound, Refused
from solvent.values.ids import CustomerId
from solvent.values.limits import RENEWALS_AT_ONCE
from solvent.values.money import Money


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
    """One step for each unpaid invoice of a running subscription, and for each of use or a pack that is past its day;
    and an end to what nobody ever paid for."""
    await database.write(lambda connection: unpaid_store.end_waiting(connection, now_us))
    done = Collected()
    page = await _page("", database)
    while page:
        for subscription in page:
            done += await _collect(subscription.id, rails, database, now_us)
        page = await _page(page[-1].id, database)
    ids = await _owed("", database, now_us)
    while ids:
        for id in ids:
            done += await _collect_owed(id, rails, database, now_us)
        ids = await _owed(ids[-1], database, now_us)
    return done


async def _page(after: str, database: Database) -> list[Subscription]:
    return await database.read(lambda connection: unpaid_store.unpaid_after(connection, after, RENEWALS_AT_ONCE))


async def _owed(after: str, database: Database, now_us: int) -> list[InvoiceId]:
    return await database.read(lambda connection: owed_store.owed_after(connection, now_us, after, RENEWALS_AT_ONCE))


async def _collect(id: str, rails: Rails, database: Database, now_us: int) -> Collected:
    unpaid = await database.write(lambda connection: unpaid_store.look(connection, id, now_us))
    if unpaid is None or unpaid.step == "wait":
        return Collected()
    if unpaid.step == "give_up":
        await database.write(lambda connection: unpaid_store.give_up(connection, id, now_us))
        return Collected(ended=1)
    if unpaid.step == "charge":
        subscription = unpaid.subscription
        wanted = _Wanted(subscription.customer, subscription.invoice, unpaid.due, unpaid.name, unpaid.charges)
        order = await _charge(wanted, rails, database, now_us)
        if order is not None and order.is_paid:
            return Collected(paid=1)
        if order is not None and order.state == "open":
            return Collected()
    await database.write(lambda connection: unpaid_store.fall_behind(connection, id, now_us))
    return Collected(failed=1) if unpaid.step == "charge" else Collected(late=1)


async def _collect_owed(id: InvoiceId, rails: Rails, database: Database, now_us: int) -> Collected:
    owed = await database.write(lambda connection: owed_store.look(connection, id, now_us))
    if owed is None or owed.step == "wait":
        return Collected()
    if owed.step != "charge":
        customer = owed.invoice.customer
        await database.write(lambda connection: owed_store.lend_no_more(connection, customer, now_us))
        return Collected()
    wanted = _Wanted(owed.invoice.customer, id, owed.due, number_text(owed.invoice.number), owed.charges)
    order = await _charge(wanted, rails, database, now_us)
    if order is None or order.state == "open":
        return Collected()
    return Collected(paid=1) if order.is_paid else Collected(failed=1)


class _Wanted(msgspec.Struct, frozen=True):
    customer: CustomerId
    invoice: str
    due: Money
    name: str
    charges: int


async def _charge(wanted: _Wanted, rails: Rails, database: Database, now_us: int) -> PaymentOrder | None:
    """None when there is nothing saved to charge, or it cannot be charged over any rail."""
    step = f"charge/{wanted.invoice}/{wanted.charges}"  # what was paid and given back is charged anew
    entropy = int.from_bytes(sha256(step.encode()).digest()[:8], "big")
    act: Act = by_system(step, now_us)
    purpose = f"{INVOICE}:{wanted.invoice}"
    try:
        return await charge_order(wanted.customer, purpose, wanted.due, wanted.name, rails, database, act, entropy)
    except (NotFound, Refused, Conflict):
        return None
