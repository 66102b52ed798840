"""What a customer asks for, worked out and carried out: to begin, to change within a period, to another length of it.

Whoever pays by card pays first: the asked-for subscription waits, and begins in the transaction in which its order
is paid. What was paid for something that cannot be carried out any more is the customer's, in the wallet.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.billing import (
    begin_store,
    change_store,
    coupon_store,
    credit_store,
    invoice_store,
    plan_store,
    redemption_store,
    subscription_store,
)
from solvent.billing.change_store import Change
from solvent.billing.order import INVOICE, PaymentOrder
from solvent.billing.owed_store import lend_again
from solvent.billing.plan import Plan
from solvent.billing.subscription import (
    BEGIN,
    Pays,
    Subscription,
    Wish,
    already_on,
    begun,
    demand_changeable,
    demand_seats,
    ended,
    is_on,
    waiting,
)
from solvent.billing.subscription import Way as Way
from solvent.billing.turn import coupon_for, period_lines, rest_line, total_of
from solvent.billing.wallet_store import fill_wallet
from solvent.identity.store import known_customer
from solvent.invoicing.invoice import Invoice, InvoiceId
from solvent.invoicing.line import DraftLine
from solvent.invoicing.store import profile_at
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId
from solvent.values.money import Money


class Proposal(msgspec.Struct, frozen=True):
    """Worked out and not yet done.

    asked: what would begin, or what the running subscription becomes. lines: of the invoice. due: what is to be paid
    now, VAT included. given_back: what comes back instead, when it costs less.
    """

    way: Way
    before: Subscription | None
    asked: Subscription
    plan: Plan
    lines: tuple[DraftLine, ...]
    due: Money
    given_back: Money


class Outcome(msgspec.Struct, frozen=True):
    """What became of it. invoice: its id, or "". due: what is to be paid before a waiting subscription begins, or for
    the invoice. credited: what came back."""

    subscription: Subscription
    invoice: str
    due: Money
    credited: Money


def propose(
    connection: Connection, customer: CustomerId, plan: Plan, seats: int, pays: Pays | None, at_us: int
) -> Proposal:  # fmt: skip
    """What it comes to for a customer to be on a plan from at_us on. Nothing is written. pays: see `Wish`.

    Raises Invalid for seats the plan has not, and Conflict when what is running cannot change now.
    """
    before = subscription_store.current(connection, customer)
    pays = pays or (before.pays if before is not None else "card")
    tries_it = before is not None and before.state == "trialing" and is_on(before, plan)  # other seats, same trial
    if before is None or not (before.price_grains or before.state == "past_due" or tries_it):
        return _to_begin(connection, before, plan, seats, (customer, pays), at_us)
    demand_changeable(before, at_us)
    old = plan_store.plan_at(connection, before.plan, before.version)
    if old.period == plan.period:
        change = change_store.work_out(connection, before, plan, demand_seats(plan, seats), at_us)
        due = _total(connection, customer, change.lines, plan, at_us)
        after = msgspec.structs.replace(change.after, pays=pays)
        return Proposal("change", before, after, plan, change.lines, due, change.given_back)
    return _to_replace(connection, before, (old, plan), seats, pays, at_us)


def carry_out(connection: Connection, proposal: Proposal, at_us: int, now_us: int) -> Outcome:
    """Do what was worked out as of at_us. Returns what is running then, and its invoice, if there is one."""
    before, plan = proposal.before, proposal.plan
    if proposal.way == "change":
        assert before is not None, "only what is running changes"
        worked_out = Change(before, proposal.asked, plan, proposal.lines, proposal.given_back)
        done = change_store.carry_out(connection, worked_out, at_us, now_us)
        return _outcome(done.subscription, done.invoice, plan, done.credited)
    credited = Money(0, plan.currency)
    extra: tuple[DraftLine, ...] = ()
    if proposal.way == "replace":
        assert before is not None, "only what is running is replaced"
        if proposal.given_back.grains:
            credited = credit_store.give_back(connection, before, proposal.given_back, at_us, now_us)
        else:
            extra = tuple(line for line in proposal.lines if line.amount.grains < 0 and line.kind == "proration")
    is_new = proposal.way == BEGIN  # whoever pays already has nothing to try first
    turned = begin_store.put_on(connection, proposal.asked, plan, at_us, now_us, extra, with_trial=is_new)
    subscription, invoice = turned
    return _outcome(subscription, invoice, plan, credited)


def wait_for_payment(connection: Connection, proposal: Proposal, at_us: int) -> Outcome:
    """Let it wait until what is due is paid, in an order for "subscription:<id>" over exactly that amount."""
    asked = proposal.asked
    id = begin_store.next_id(connection, asked.customer, at_us)
    waits = waiting(id, asked.customer, proposal.plan, asked.seats, None, asked.pays, asked.time_zone, at_us)
    waits = msgspec.structs.replace(waits, coupon=asked.coupon)
    subscription_store.put(connection, [waits])
    return Outcome(waits, "", proposal.due, Money(0, proposal.plan.currency))


def begin_paid(connection: Connection, order: PaymentOrder, now_us: int) -> PaymentOrder:
    """An order for "subscription:<id>" was paid: carry out what waited for it, as of when it was asked.

    When it cannot be any more, or comes to another amount by now, the money goes into the wallet. Returns the order
    with what it has paid for in the end: an invoice or a top-up, so that refunds find it.
    """
    waits = subscription_store.by_id(connection, order.subject)
    invoice = _begin_waiting(connection, waits, order.amount, now_us) if waits.state == "waiting" else ""
    if not invoice:
        return fill_wallet(connection, order, now_us)
    invoice_store.pay(connection, InvoiceId(invoice), order.amount, order.account, now_us, order.id)
    settle(connection, invoice, now_us)
    return msgspec.structs.replace(order, purpose=f"{INVOICE}:{invoice}")


def invoice_paid(connection: Connection, order: PaymentOrder, at_us: int) -> None:
    """An order for "invoice:<id>" was paid, and the invoice with it."""
    settle(connection, order.subject, at_us)


def settle(connection: Connection, invoice: str, now_us: int) -> None:
    """An invoice may be paid in full now: let the subscription that waited for it, or use on account, go on.

    Does nothing for an invoice that is not paid yet, or that nothing waits for.
    """
    if not invoice:
        return
    lend_again(connection, InvoiceId(invoice), now_us)
    subscription = subscription_store.of_invoice(connection, invoice)
    if subscription is None:
        return
    oldest = credit_store.oldest_unpaid(connection, subscription)
    if oldest != invoice:
        begin_store.is_paid(connection, subscription, oldest)


def give_up_waiting(connection: Connection, id: str, now_us: int) -> None:
    """What waited for a payment that will not come is over."""
    waits = subscription_store.by_id(connection, id)
    if waits.state == "waiting":
        subscription_store.put(connection, [ended(waits, now_us)])


def _begin_waiting(connection: Connection, waits: Subscription, paid: Money, now_us: int) -> str:
    """The invoice of what began; "" when it is not to be any more."""
    asked_us = waits.started_us
    plan = plan_store.plan_at(connection, waits.plan, waits.version)
    before = subscription_store.current(connection, waits.customer)
    runs = before is not None and bool(before.price_grains)
    if before is not None and (before.state == "past_due" or (runs and _is_stale(before, asked_us))):
        subscription_store.put(connection, [ended(waits, now_us)])
        return ""
    # What does not change anything that is running costs the same whenever it begins, so it begins now.
    at_us = asked_us if runs else now_us
    try:
        proposal = propose(connection, waits.customer, plan, waits.seats, waits.pays, at_us)
    except Conflict:  # they are on these terms already, for nothing: by a coupon, or in a trial
        proposal = None
    if proposal is None or proposal.due != paid or proposal.given_back.grains:
        subscription_store.put(connection, [ended(waits, now_us)])
        return ""
    if proposal.way == "change":
        subscription_store.put(connection, [ended(waits, now_us)])
    else:
        proposal = msgspec.structs.replace(proposal, asked=msgspec.structs.replace(proposal.asked, id=waits.id))
    return carry_out(connection, proposal, at_us, now_us).invoice


def _is_stale(before: Subscription, asked_us: int) -> bool:
    """Whether the terms that were to be changed have changed since, or their period is over."""
    return before.changed_us > asked_us or not before.period.holds(asked_us)


def _to_begin(
    connection: Connection, before: Subscription | None, plan: Plan, seats: int, who: tuple[CustomerId, Pays],
    at_us: int,
) -> Proposal:  # fmt: skip
    customer, pays = who
    asked, coupon = begin_store.asked_for(connection, customer, plan, seats, pays, at_us)
    with_trial = plan.trial is not None and not subscription_store.had_trial(connection, customer)
    language = profile_at(connection, customer, at_us).language
    lines = period_lines(begun(asked, plan, at_us, with_trial=with_trial), plan, coupon, language)
    due = _total(connection, customer, lines, plan, at_us)
    return Proposal(BEGIN, before, asked, plan, lines, due, Money(0, plan.currency))


def _to_replace(
    connection: Connection, before: Subscription, plans: tuple[Plan, Plan], seats: int, pays: Pays, at_us: int
) -> Proposal:  # fmt: skip
    old, plan = plans
    held = coupon_store.held_by(connection, (before.customer,)).get(before.customer, [])
    found = coupon_for(held, plan)
    id = begin_store.next_id(connection, before.customer, at_us)
    asked = waiting(
        id, before.customer, plan, demand_seats(plan, seats), found[1] if found else None, pays,
        before.time_zone, at_us,
    )  # fmt: skip
    language = profile_at(connection, before.customer, at_us).language
    back = change_store.unused(connection, before, at_us)
    first = begun(asked, plan, at_us, with_trial=False)
    lines = period_lines(first, plan, found[1] if found else None, language)
    if back.grains > sum(line.amount.grains for line in lines):
        due = _total(connection, before.customer, lines, plan, at_us)
        return Proposal("replace", before, asked, plan, lines, due, back)
    lines = (*rest_line(before, old, -back.grains, at_us, language), *lines)
    due = _total(connection, before.customer, lines, plan, at_us)
    return Proposal("replace", before, asked, plan, lines, due, Money(0, plan.currency))


def _total(
    connection: Connection, customer: CustomerId, lines: tuple[DraftLine, ...], plan: Plan, at_us: int
) -> Money:  # fmt: skip
    total = total_of(lines, plan.currency, profile_at(connection, customer, at_us))
    return Money(max(0, total.grains), plan.currency)


def _outcome(subscription: Subscription, invoice: Invoice | None, plan: Plan, credited: Money) -> Outcome:
    due = invoice.total if invoice else Money(0, plan.currency)
    return Outcome(subscription, invoice.id if invoice else "", due, credited)


def start(connection: Connection, wish: Wish, now_us: int) -> Outcome:
    """Put a customer on a plan that is on sale: at once, or for whoever pays by card when it is paid.

    Raises what `subscribe` raises.
    """
    known_customer(connection, wish.customer)
    plan = plan_store.demand_on_sale(connection, wish.plan)
    if wish.coupon:
        redemption_store.take(connection, wish.customer, wish.coupon, plan.name, now_us)
    proposal = propose(connection, wish.customer, plan, wish.seats, wish.pays, now_us)
    if proposal.way != BEGIN:
        assert proposal.before is not None, "what is running is changed"
        raise already_on(proposal.before)
    return pay_or_carry_out(connection, proposal, now_us)


def pay_or_carry_out(connection: Connection, proposal: Proposal, now_us: int) -> Outcome:
    """Carry it out now, or let it wait for its payment."""
    if proposal.asked.pays == "card" and proposal.due.grains and not proposal.given_back.grains:
        return wait_for_payment(connection, proposal, now_us)
    return carry_out(connection, proposal, now_us, now_us)
