"""A subscription: who is on which plan, in which period, and what happens at its end.

Every customer has one that is current. Each step gives a new value; what it comes to is worked out in `turn.py`.
"""

from __future__ import annotations

from typing import Final, Literal, NewType

import msgspec

from solvent.billing.coupon import Coupon, discount
from solvent.billing.plan import Plan, fee
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US, NEVER_US
from solvent.values.money import Money
from solvent.values.period import MONTHS, Period, edge, zone

SubscriptionId = NewType("SubscriptionId", str)
# waiting: for the first payment; nothing is given yet. past_due: a period's invoice is unpaid. canceled: it has ended.
State = Literal["waiting", "trialing", "active", "past_due", "canceled"]
# card: what was saved to pay with is charged. invoice: the customer is sent one and pays it in time.
Pays = Literal["card", "invoice"]
# How a wish is met. begin: nothing that costs anything is running. change: within the period. replace: a period of
# another length begins.
Way = Literal["begin", "change", "replace"]
BEGIN: Final = "begin"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Its fields are the columns of `subscriptions`, in their order.

    plan, version: the terms it is on. time_zone, anchor_us: where its periods are counted from, and in which zone.
    number: of the period it is in; -1 is the trial. period_start_us, period_end_us: that period's edges.
    seats: 1 on a plan without. coupon: the code that takes something off; "" for none.
    price_grains: what a whole period of this kind comes to on its terms since changed_us, coupon taken off.
    next_plan, next_version, next_seats: what it changes to at the period's end; "", 0 and 0 for no change.
    cancel_at_end: 1 when it ends with the period. invoice: the oldest that is not paid yet; "" for none.
    usable_until_us: until when what the period gives may be used: its end, or sooner while it is not paid.
    trial_end_us: when its trial ended or will; 0 when it had none. ended_us: NEVER_US while it has not ended.
    """

    id: SubscriptionId
    customer: CustomerId
    plan: str
    version: int
    state: State
    pays: Pays
    time_zone: str
    anchor_us: int
    number: int
    period_start_us: int
    period_end_us: int
    seats: int
    coupon: str
    price_grains: int
    changed_us: int
    next_plan: str
    next_version: int
    next_seats: int
    cancel_at_end: int
    invoice: str
    usable_until_us: int
    trial_end_us: int
    started_us: int
    ended_us: int

    @property
    def period(self) -> Period:
        """The period it is in."""
        return Period(self.number, self.period_start_us, self.period_end_us)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer wants to be on. seats: 0 for those included. coupon: a code to take first; "" for none.

    pays: None for as they pay now, and by card for whoever is on nothing yet.
    """

    customer: CustomerId
    plan: str
    seats: int = 0
    pays: Pays | None = None
    coupon: str = ""


def price(plan: Plan, seats: int, coupon: Coupon | None) -> Money:
    """What a whole period comes to, coupon taken off."""
    whole = fee(plan, seats)
    return whole if coupon is None else whole - discount(coupon, whole)


def demand_seats(plan: Plan, seats: int) -> int:
    """How many seats these terms have: `seats`, or those included for 0. Raises Invalid for what the plan has not."""
    if plan.seats is None:
        if seats > 1:
            message = f"plan {plan.name!r} has no seats; leave them out"
            raise Invalid("seats_out_of_range", message, param="seats")
        return 1
    if seats and not 1 <= seats <= plan.seats.most:
        message = f"plan {plan.name!r} has 1 to {plan.seats.most} seats; {seats} were asked for"
        raise Invalid("seats_out_of_range", message, param="seats")
    return max(seats, plan.seats.included)


def waiting(
    id: SubscriptionId, customer: CustomerId, plan: Plan, seats: int, coupon: Coupon | None, pays: Pays,
    time_zone: str, at_us: int,
) -> Subscription:  # fmt: skip
    """Asked for, not begun: it has no period yet."""
    return Subscription(
        id=id, customer=customer, plan=plan.name, version=plan.version, state="waiting", pays=pays,
        time_zone=time_zone, anchor_us=at_us, number=0, period_start_us=at_us, period_end_us=at_us, seats=seats,
        coupon=coupon.code if coupon else "", price_grains=price(plan, seats, coupon).grains, changed_us=at_us,
        next_plan="", next_version=0, next_seats=0, cancel_at_end=0, invoice="", usable_until_us=at_us,
        trial_end_us=0, started_us=at_us, ended_us=NEVER_US,
    )  # fmt: skip


def begun(asked: Subscription, plan: Plan, at_us: int, *, with_trial: bool) -> Subscription:
    """It begins now: with its trial, or else with its first period."""
    assert asked.state == "waiting", "a subscription begins once"
    if with_trial and plan.trial is not None:
        end_us = at_us + plan.trial.days * DAY_US
        return msgspec.structs.replace(
            asked, state="trialing", anchor_us=end_us, number=-1, period_start_us=at_us, period_end_us=end_us,
            changed_us=at_us, price_grains=0, usable_until_us=end_us, trial_end_us=end_us, started_us=at_us,
        )  # fmt: skip
    begins = msgspec.structs.replace(asked, state="active", started_us=at_us)
    return _in_period(begins, plan, at_us, 0, at_us, asked.price_grains)


def going_on(asked: Subscription, earlier: Subscription) -> Subscription:
    """What has begun, in the period that another of the same plan was in when it ended."""
    return msgspec.structs.replace(
        asked, time_zone=earlier.time_zone, anchor_us=earlier.anchor_us, number=earlier.number,
        period_start_us=earlier.period_start_us, period_end_us=earlier.period_end_us,
        changed_us=earlier.period_start_us, usable_until_us=earlier.period_end_us,
    )  # fmt: skip


def renewed(current: Subscription, plan: Plan, seats: int, coupon: Coupon | None, every_before: str) -> Subscription:
    """In its next period, which begins where this one ends, on the terms that hold then.

    every_before: the length of the plan's periods until now; another length counts anew from this edge.
    """
    edge_us = current.period_end_us
    goes_on = plan.period == every_before or current.number < 0
    anchor_us, number = (current.anchor_us, current.number + 1) if goes_on else (edge_us, 0)
    next_terms = msgspec.structs.replace(
        current, state="active", plan=plan.name, version=plan.version, seats=seats,
        coupon=coupon.code if coupon else "", next_plan="", next_version=0, next_seats=0,
    )  # fmt: skip
    return _in_period(next_terms, plan, anchor_us, number, edge_us, price(plan, seats, coupon).grains)


def changed(current: Subscription, plan: Plan, seats: int, coupon: Coupon | None, at_us: int) -> Subscription:
    """On other terms from now on, in the same period. Whoever goes to another plan does not leave after all."""
    assert current.period.holds(at_us), "terms change within the period"
    whole = 0 if current.state == "trialing" else price(plan, seats, coupon).grains
    return msgspec.structs.replace(
        current, plan=plan.name, version=plan.version, seats=seats, coupon=coupon.code if coupon else "",
        price_grains=whole, changed_us=at_us, next_plan="", next_version=0, next_seats=0,
        cancel_at_end=_still_ends(current, plan),
    )  # fmt: skip


def to_change(current: Subscription, plan: Plan, seats: int, pays: Pays) -> Subscription:
    """To change at the end of the period; how it is paid, for whatever is invoiced from now on.

    One that ends with the period has no terms after it, unless it is to go on with another plan.
    """
    if _still_ends(current, plan):
        return msgspec.structs.replace(current, pays=pays)
    return msgspec.structs.replace(
        current, next_plan=plan.name, next_version=plan.version, next_seats=seats, cancel_at_end=0, pays=pays
    )


def _still_ends(current: Subscription, plan: Plan) -> int:
    """1 when it ends with its period still: other seats of the same plan are no reason to stay."""
    return current.cancel_at_end if plan.name == current.plan else 0


def to_cancel(current: Subscription) -> Subscription:
    """To end with the period."""
    return msgspec.structs.replace(current, cancel_at_end=1, next_plan="", next_version=0, next_seats=0)


def to_go_on(current: Subscription) -> Subscription:
    """Neither to end nor to change after all."""
    return msgspec.structs.replace(current, cancel_at_end=0, next_plan="", next_version=0, next_seats=0)


def unpaid(current: Subscription, grace_until_us: int) -> Subscription:
    """Its invoice was not paid: what the period gives may be used for a while longer."""
    until_us = max(current.period_start_us, min(current.period_end_us, grace_until_us))
    return msgspec.structs.replace(current, state="past_due", usable_until_us=until_us)


def paid(current: Subscription, next_unpaid: str) -> Subscription:
    """Its invoice is paid. next_unpaid: another that is not; "" for none, and then all is well."""
    if next_unpaid:
        return msgspec.structs.replace(current, invoice=next_unpaid)
    state: State = "active" if current.state == "past_due" else current.state
    return msgspec.structs.replace(current, state=state, invoice="", usable_until_us=current.period_end_us)


def resumed(current: Subscription) -> Subscription:
    """What was due is paid, though another invoice is still to be: it is not late any more."""
    return msgspec.structs.replace(current, state="active", usable_until_us=current.period_end_us)


def ended(current: Subscription, at_us: int) -> Subscription:
    """It is over."""
    return msgspec.structs.replace(
        current, state="canceled", ended_us=at_us, cancel_at_end=0, next_plan="", next_version=0, next_seats=0,
        usable_until_us=min(current.usable_until_us, at_us),
    )  # fmt: skip


def is_due(current: Subscription, now_us: int) -> bool:
    """Whether its period is over and another is to begin. One that is not paid waits until it is."""
    return current.state in ("trialing", "active") and current.period_end_us <= now_us


def demand_changeable(current: Subscription, at_us: int) -> None:
    """Raises Conflict when its terms cannot change now."""
    if current.state in ("waiting", "canceled"):
        message = f"subscription {current.id} is {current.state}; subscribe anew instead"
        raise Conflict("subscription_not_running", message, param="subscription")
    if current.state == "past_due":
        message = f"subscription {current.id} has an unpaid invoice {current.invoice}; it is paid first"
        raise Conflict("subscription_past_due", message, param="subscription")
    if not current.period.holds(at_us):
        message = f"subscription {current.id} is just being renewed; ask again in a minute"
        raise Conflict("subscription_renewing", message, param="subscription", retry_after_s=60)


def is_on(current: Subscription, plan: Plan) -> bool:
    """Whether it is on these very terms."""
    return (current.plan, current.version) == (plan.name, plan.version)


def already_on(current: Subscription) -> Conflict:
    """The error for whoever would subscribe beside a plan that costs something, or to the one they are on."""
    message = f"customer {current.customer} is on plan {current.plan!r} already; change the plan instead"
    return Conflict("already_subscribed", message, param="customer")


def _in_period(
    terms: Subscription, plan: Plan, anchor_us: int, number: int, start_us: int, price_grains: int
) -> Subscription:
    # It begins where the one before ended, whatever a newer time zone database says of that instant.
    end_us = edge(anchor_us, (number + 1) * MONTHS[plan.period], zone(terms.time_zone))
    return msgspec.structs.replace(
        terms, anchor_us=anchor_us, number=number, period_start_us=start_us, period_end_us=end_us,
        price_grains=price_grains, changed_us=start_us, usable_until_us=end_us,
    )  # fmt: skip
