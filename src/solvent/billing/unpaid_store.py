"""Subscriptions whose invoice is not paid: who they are, and what becomes of them."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from solvent.billing import begin_store, credit_store, payment_store, plan_store, subscription_store
from solvent.billing.collection import Step, next_step
from solvent.billing.dunning import Schedule
from solvent.billing.order import INVOICE
from solvent.billing.proration import prorated
from solvent.billing.set_off_store import set_off
from solvent.billing.subscription import Subscription, ended, resumed, unpaid
from solvent.billing.turn import stretches, title
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import InvoiceId, due_grains
from solvent.values.instant import DAY_US
from solvent.values.limits import WAITING_DAYS_MAX
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money


class Unpaid(msgspec.Struct, frozen=True):
    """One unpaid invoice of a subscription, and what to do about it. name: of the plan, as the customer reads it.
    charges: how often it was charged so far."""

    subscription: Subscription
    name: str
    due: Money
    step: Step
    charges: int


def unpaid_after(connection: Connection, after: str, count: int) -> list[Subscription]:
    """Running subscriptions with an invoice that was not paid when they were looked at last, by id, after an id."""
    table = subscription_store.subscriptions
    chosen = select(table.c.id).where(
        table.c.invoice != "", table.c.state.in_(("active", "past_due")), table.c.id > after
    )
    ids = connection.execute(chosen.order_by(table.c.id).limit(count)).scalars().all()
    return [subscription_store.by_id(connection, id) for id in ids]


def look(connection: Connection, id: str, now_us: int) -> Unpaid | None:
    """What to do about a subscription's unpaid invoice now; None when there is nothing to do any more.

    What the customer has too much on other invoices pays it first. An invoice that was paid, or credited, beside the
    payments that are known here is noticed.
    """
    subscription = subscription_store.by_id(connection, id)
    if not subscription.invoice or subscription.state not in ("active", "past_due"):
        return None
    oldest = credit_store.oldest_unpaid(connection, subscription)
    while oldest and set_off(connection, InvoiceId(oldest), now_us):
        oldest = credit_store.oldest_unpaid(connection, subscription)
    if oldest != subscription.invoice:
        subscription = begin_store.is_paid(connection, subscription, oldest)
        if not oldest:
            return None
    plan = plan_store.plan_at(connection, subscription.plan, subscription.version)
    invoice, standing = invoicing_store.invoice_by_id(connection, InvoiceId(subscription.invoice))
    if subscription.state == "past_due" and now_us < invoice.due_us:
        subscription = resumed(subscription)
        subscription_store.put(connection, [subscription])
        begin_store.set_usable(connection, subscription)
    orders = payment_store.orders_for(connection, f"{INVOICE}:{invoice.id}")
    schedule = Schedule(plan.retry_days)
    is_late = subscription.state == "past_due"
    is_at_once = invoice.due_us <= invoice.issued_us  # so it was to be charged, however the next ones are paid
    step = next_step(
        "card" if is_at_once else subscription.pays, schedule, orders, invoice.due_us, now_us, is_late=is_late,
        usable_until_us=subscription.usable_until_us,
    )  # fmt: skip
    if is_late and step == "wait" and now_us >= subscription.period_end_us:
        step = "give_up"  # who has not paid a period by its end has no other
    charges = sum(1 for order in orders if order.charges)
    due = Money(due_grains(invoice.total.grains, standing), invoice.currency)
    return Unpaid(subscription, title(plan, invoice.profile.language), due, step, charges)


def end_waiting(connection: Connection, now_us: int) -> int:
    """What has waited for its first payment for WAITING_DAYS_MAX is over; paid later, it goes into the wallet."""
    table = subscription_store.subscriptions
    long_ago = table.c.started_us < now_us - WAITING_DAYS_MAX * DAY_US
    ids = connection.execute(select(table.c.id).where(table.c.state == "waiting", long_ago)).scalars().all()
    subscription_store.put(connection, [ended(subscription_store.by_id(connection, id), now_us) for id in ids])
    return len(ids)


def fall_behind(connection: Connection, id: str, now_us: int) -> None:
    """It is past due: what its period gives may be used for the plan's days of grace. A second time changes nothing."""
    subscription = subscription_store.by_id(connection, id)
    if subscription.state != "active" or not subscription.invoice:
        return
    plan = plan_store.plan_at(connection, subscription.plan, subscription.version)
    after = unpaid(subscription, now_us + plan.grace_days * DAY_US)
    subscription_store.put(connection, [after])
    begin_store.set_usable(connection, after)


def give_up(connection: Connection, id: str, now_us: int) -> Subscription:
    """It ends unpaid. What was invoiced for the time in which it cannot be used is credited, the rest stays due.

    Returns what the customer has then.
    """
    subscription = subscription_store.by_id(connection, id)
    if subscription.state not in ("active", "past_due"):
        return subscription
    plan = plan_store.plan_at(connection, subscription.plan, subscription.version)
    period = subscription.period
    until_us = max(period.start_us, min(subscription.usable_until_us, period.end_us, now_us))
    spells = subscription_store.spells_of(connection, subscription)
    earlier = stretches((spell.from_us, spell.price_grains) for spell in spells if spell.from_us <= until_us)
    spent = prorated(earlier, period, until_us, GRAINS_PER_MINOR_UNIT)
    whole = stretches((spell.from_us, spell.price_grains) for spell in spells)
    asked = prorated(whole, period, period.end_us, GRAINS_PER_MINOR_UNIT)
    if asked > spent:
        credit_store.give_back(connection, subscription, Money(asked - spent, plan.currency), until_us, now_us)
    return begin_store.end(connection, subscription, now_us, now_us)
