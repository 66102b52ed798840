"""A subscription begins and ends: its row, its quotas, its invoice and the customer's plan, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.billing import coupon_store, invoice_store, plan_store, quota_store, subscription_store
from solvent.billing.coupon import Coupon, used
from solvent.billing.plan import Plan, fee
from solvent.billing.quota import Quota, period_quotas
from solvent.billing.subscription import (
    Pays,
    Subscription,
    SubscriptionId,
    already_on,
    begun,
    demand_seats,
    ended,
    going_on,
    is_on,
    paid,
    waiting,
)
from solvent.billing.turn import coupon_for, draft, period_lines, reference
from solvent.identity.store import change_customer
from solvent.invoicing.invoice import Invoice
from solvent.invoicing.line import DraftLine
from solvent.invoicing.store import profile_at
from solvent.ledger.store import mark, set_mark
from solvent.values.ids import CustomerId, new_id

CALLERS: Final = "callers"  # the mark that counts changes of who may call, and on which plan
Turned = tuple[Subscription, Invoice | None]


def asked_for(
    connection: Connection, customer: CustomerId, plan: Plan, seats: int, pays: Pays, at_us: int
) -> tuple[Subscription, Coupon | None]:
    """A subscription as it would begin, with the coupon it would use. Nothing is written.

    Raises Conflict when the customer has one that costs something already, or is on these terms, and Invalid for
    seats the plan has not.
    """
    now = subscription_store.current(connection, customer)
    if now is not None and (now.price_grains or now.state == "past_due" or is_on(now, plan)):
        raise already_on(now)
    held = coupon_store.held_by(connection, (customer,)).get(customer, [])
    found = coupon_for(held, plan) if fee(plan, demand_seats(plan, seats)).grains else None
    zone = mark(connection, "time_zone") or "Asia/Seoul"
    id = next_id(connection, customer, at_us)
    coupon = found[1] if found else None
    return waiting(id, customer, plan, demand_seats(plan, seats), coupon, pays, zone, at_us), coupon


def put_on(
    connection: Connection, asked: Subscription, plan: Plan, at_us: int, now_us: int,
    extra: tuple[DraftLine, ...] = (), *, with_trial: bool = True,
) -> Turned:  # fmt: skip
    """It begins, and the customer's other one ends. Its first period is invoiced when it costs something.

    at_us: as of when. extra: lines before those of the period: what an earlier subscription gives back.
    with_trial: its trial comes first, if the plan has one and the customer has had none. What costs nothing goes on
    where it was left, so that nobody gets its quotas anew by leaving and coming back.
    """
    tries = with_trial and plan.trial is not None and not subscription_store.had_trial(connection, asked.customer)
    subscription = begun(asked, plan, at_us, with_trial=tries)
    before = subscription_store.current(connection, asked.customer)
    if before is not None:
        close(connection, before, at_us, now_us)
    coupon = coupon_store.find_coupon(connection, asked.coupon) if asked.coupon else None
    if coupon is not None and subscription.number >= 0:
        use_coupon(connection, coupon, asked.customer)
    language = profile_at(connection, asked.customer, now_us).language
    lines = (*extra, *period_lines(subscription, plan, coupon, language))
    invoice = issue(connection, subscription, lines, plan.currency, reference(subscription), now_us)
    if invoice is not None:
        subscription = msgspec.structs.replace(subscription, invoice=invoice.id)
    quotas = period_quotas(subscription, plan)
    if subscription.number >= 0 and not subscription.price_grains:
        subscription, quotas = _gone_on(connection, subscription, plan, at_us)
    subscription_store.put(connection, [subscription])
    quota_store.open_quotas(connection, [(quota, subscription.usable_until_us) for quota in quotas], now_us)
    note_plans(connection, {asked.customer: plan.name})
    return subscription, invoice


def _gone_on(
    connection: Connection, begun: Subscription, plan: Plan, at_us: int
) -> tuple[Subscription, list[Quota]]:  # fmt: skip
    """What costs nothing, in the period of its last time if that is not over, with what was left then."""
    earlier = subscription_store.left_at(connection, begun.customer, plan.name, at_us)
    if earlier is None or plan_store.plan_at(connection, earlier.plan, earlier.version).period != plan.period:
        return begun, period_quotas(begun, plan)
    subscription = going_on(begun, earlier)
    left = quota_store.left_behind(connection, earlier)
    quotas = period_quotas(subscription, plan)
    return subscription, [
        msgspec.structs.replace(quota, issued=min(quota.issued, left.get(quota.place, quota.issued)))
        for quota in quotas
    ]


def close(connection: Connection, before: Subscription, at_us: int, now_us: int) -> Subscription:
    """A subscription ends: nothing of what it gave may be used any more. at_us: as of when."""
    after = ended(before, at_us)
    subscription_store.put(connection, [after])
    quota_store.expire_now(connection, quota_store.open_of(connection, (before.id,)), at_us, now_us)
    return after


def end(connection: Connection, before: Subscription, at_us: int, now_us: int) -> Subscription:
    """It ends, and the plan that it names for afterwards begins, if that is free and on sale. at_us: as of when.

    Returns what the customer has then: the plan afterwards, or the one that ended.
    """
    plan = plan_store.plan_at(connection, before.plan, before.version)
    after = close(connection, before, at_us, now_us)
    following = plan_store.latest(connection, plan.afterwards) if plan.afterwards else None
    if following is None or following.withdrawn_us or fee(following.plan, 0).grains:
        note_plans(connection, {before.customer: ""})
        return after
    id = next_id(connection, before.customer, at_us)
    seats = demand_seats(following.plan, 0)
    asked = waiting(id, before.customer, following.plan, seats, None, before.pays, before.time_zone, at_us)
    return put_on(connection, asked, following.plan, at_us, now_us)[0]


def issue(
    connection: Connection, subscription: Subscription, lines: tuple[DraftLine, ...], currency: str,
    step: str, now_us: int,
) -> Invoice | None:  # fmt: skip
    """The invoice for some lines; None when they come to nothing."""
    if not sum(line.amount.grains for line in lines):
        return None
    return invoice_store.issue(connection, draft(subscription, lines, currency, step, now_us), now_us)


def use_coupon(connection: Connection, coupon: Coupon, customer: CustomerId) -> None:
    """A coupon takes something off one more period."""
    redemption = coupon_store.find_redemption(connection, coupon.code, customer)
    assert redemption is not None, "only a coupon that was taken takes something off"
    coupon_store.put_redemptions(connection, [used(redemption)])


def note_plans(connection: Connection, plans: Mapping[CustomerId, str]) -> None:
    """Show customers on these plans, and let every process look again at who may call."""
    for customer, plan in plans.items():
        change_customer(connection, customer, plan=plan)
    if plans:
        set_mark(connection, CALLERS, str(int(mark(connection, CALLERS) or 0) + 1))


def next_id(connection: Connection, customer: CustomerId, at_us: int) -> SubscriptionId:
    """Sorts by time; its other half comes from whose how-manieth it is, so that no dice are thrown."""
    cause = f"{customer}/{subscription_store.count_of(connection, customer)}"
    return SubscriptionId(new_id("sub", at_us, int.from_bytes(sha256(cause.encode()).digest()[:8], "big")))


def is_paid(connection: Connection, subscription: Subscription, next_unpaid: str) -> Subscription:
    """Note that its invoice is paid: when no other is unpaid, what the period gives may be used until its end."""
    after = paid(subscription, next_unpaid)
    subscription_store.put(connection, [after])
    set_usable(connection, after)
    return after


def set_usable(connection: Connection, after: Subscription) -> None:
    """Let what its period gives be used as long as the subscription says now."""
    quotas = quota_store.open_of(connection, (after.id,))
    of_period = [quota for quota in quotas if quota.opens_us == after.period_start_us]
    quota_store.set_usable(connection, of_period, after.usable_until_us)
