"""Invoices for use on account and for packs, past their day: what to do about them, and what is lent no more."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, or_, select

from solvent.billing import payment_store, plan_store, quota_store, subscription_store
from solvent.billing.collection import Step, next_step
from solvent.billing.dunning import DEFAULT, Schedule
from solvent.billing.order import INVOICE
from solvent.billing.quota import OVERAGE, PACK, Quota
from solvent.billing.set_off_store import set_off
from solvent.billing.subscription import Pays, Subscription
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, InvoiceId, due_grains
from solvent.ledger import pot_store
from solvent.ledger.account import unbilled
from solvent.ledger.store import balances_at
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

USAGE: Final = "usage/"  # how references of invoices for use on account begin; of a pack it is its id
_invoices: Final = invoicing_store.invoices
_UNPAID: Final = and_(_invoices.c.state == "issued", _invoices.c.kind == "invoice")


class Owed(msgspec.Struct, frozen=True):
    """One such invoice, and what to do about it. charges: how often it was charged so far."""

    invoice: Invoice
    due: Money
    step: Step
    charges: int


def owed_after(connection: Connection, now_us: int, after: str, count: int) -> list[InvoiceId]:
    """Unpaid invoices for use and packs whose day has come, by id, after an id."""
    chosen = select(_invoices.c.id).where(_UNPAID, _is_owed(), _invoices.c.due_us <= now_us, _invoices.c.id > after)
    return [InvoiceId(id) for id in connection.execute(chosen.order_by(_invoices.c.id).limit(count)).scalars()]


def look(connection: Connection, id: InvoiceId, now_us: int) -> Owed | None:
    """What to do about one of them now; None when nothing is due any more.

    What the customer has too much on other invoices pays it first. Use is charged to what is saved, unless the
    customer pays by invoice. A pack was asked for by invoice, and what was paid and went back is for a person to see
    to: neither is charged by itself.
    """
    if set_off(connection, id, now_us):
        lend_again(connection, id, now_us)
        return None
    invoice, standing = invoicing_store.invoice_by_id(connection, id)
    due = Money(due_grains(invoice.total.grains, standing), invoice.currency)
    running = subscription_store.current(connection, invoice.customer)
    by_card = invoice.reference.startswith(USAGE) and not standing.returned
    how: Pays = "card" if by_card and (running is None or running.pays == "card") else "invoice"
    orders = payment_store.orders_for(connection, f"{INVOICE}:{id}")
    schedule = _schedule(connection, running)
    step = next_step(how, schedule, orders, invoice.due_us, now_us, is_late=how == "card", usable_until_us=NEVER_US)
    return Owed(invoice, due, step, sum(1 for order in orders if order.charges))


def owes_use(connection: Connection, customer: CustomerId) -> bool:
    """Whether a customer has used something on account that is not paid: it waits for its invoice, or that is open."""
    account = unbilled(customer)
    waits = any(moved.debits > moved.credits for moved in balances_at(connection, (account,)).values())
    mine = and_(_invoices.c.customer == customer, _UNPAID, _invoices.c.reference.startswith(USAGE, autoescape=True))
    return waits or connection.execute(select(_invoices.c.id).where(mine).limit(1)).first() is not None


def lend_no_more(connection: Connection, customer: CustomerId, now_us: int) -> None:
    """Nothing more can be used on account until what is owed is paid. A second time changes nothing."""
    if _lends(connection, customer, now_us):
        quota_store.set_usable(connection, _credit_lines(connection, customer), now_us)


def lend_again(connection: Connection, id: InvoiceId, now_us: int) -> None:
    """An invoice for use or a pack may be paid: when no other is owed, as much as before can be used on account."""
    invoice, _ = invoicing_store.invoice_by_id(connection, id)
    if not invoice.reference.startswith((USAGE, PACK)) or _lends(connection, invoice.customer, now_us):
        return
    mine = and_(_invoices.c.customer == invoice.customer, _UNPAID, _is_owed(), _invoices.c.due_us <= now_us)
    running = subscription_store.current(connection, invoice.customer)
    if running is not None and connection.execute(select(_invoices.c.id).where(mine).limit(1)).first() is None:
        quota_store.set_usable(connection, _credit_lines(connection, invoice.customer), running.usable_until_us)


def demand_packs_paid(connection: Connection, customer: CustomerId) -> None:
    """Raises Conflict when a pack that was bought by invoice is not paid yet."""
    is_pack = _invoices.c.reference.startswith(PACK, autoescape=True)
    mine = and_(_invoices.c.customer == customer, _UNPAID, is_pack)
    unpaid = connection.execute(select(_invoices.c.number).where(mine).limit(1)).scalar()
    if unpaid is not None:
        message = f"the pack of invoice {unpaid} is not paid yet; pay it first, or pay this one by card"
        raise Conflict("pack_unpaid", message, param="pays")


def _is_owed() -> ColumnElement[bool]:
    references = _invoices.c.reference
    return or_(references.startswith(USAGE, autoescape=True), references.startswith(PACK, autoescape=True))


def _schedule(connection: Connection, running: Subscription | None) -> Schedule:
    if running is None:
        return DEFAULT
    return Schedule(plan_store.plan_at(connection, running.plan, running.version).retry_days)


def _lends(connection: Connection, customer: CustomerId, now_us: int) -> bool:
    return any(pot.kind == OVERAGE for pot in pot_store.pots_of(connection, customer, now_us))


def _credit_lines(connection: Connection, customer: CustomerId) -> list[Quota]:
    return [quota for quota in quota_store.open_of_customer(connection, customer) if quota.kind == OVERAGE]
