"""What a turn of a subscription comes to: the lines of the invoice for a period that begins, changes or ends early.

All is deferred on the subscription's own account and earned over its time; what is taken off or given back is a
line below zero over the same time, so that what is earned sums to what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from solvent.billing.coupon import Coupon, Redemption, discount, fits
from solvent.billing.plan import Plan, fee, seats_fee
from solvent.billing.proration import Stretch
from solvent.billing.subscription import Subscription
from solvent.invoicing.invoice import InvoiceDraft
from solvent.invoicing.line import DraftLine, Kind
from solvent.invoicing.profile import Language, Profile
from solvent.invoicing.tax import split_lines
from solvent.ledger.account import deferred
from solvent.values.instant import DAY_US
from solvent.values.limits import INVOICE_DUE_DAYS
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money

Held = Sequence[tuple[Redemption, Coupon]]


def title(plan: Plan, language: Language) -> str:
    """The plan's name as this customer reads it."""
    return (plan.title.ko if language == "ko" else plan.title.en) or plan.name


def coupon_for(held: Held, plan: Plan) -> tuple[Redemption, Coupon] | None:
    """The coupon that takes something off the plan's next period: the first that was taken and fits."""
    fitting = (
        (redemption, coupon)
        for redemption, coupon in held
        if fits(coupon, plan.name) and (coupon.what == "percent" or coupon.currency == plan.currency)
    )
    return next(fitting, None)


def period_lines(begun: Subscription, plan: Plan, coupon: Coupon | None, language: Language) -> tuple[DraftLine, ...]:
    """The period a subscription has just begun: the plan, seats beyond those included, and what a coupon takes off."""
    if begun.number < 0:
        return ()
    further = seats_fee(plan, begun.seats)
    lines = [_line(begun, plan, "subscription", plan.price, title(plan, language))]
    if further.grains and plan.seats is not None:
        seats = begun.seats - plan.seats.included
        line = _line(begun, plan, "seats", further, title(plan, language))
        lines.append(msgspec.structs.replace(line, quantity=seats, unit="seats"))
    if coupon is not None:
        lines.append(_line(begun, plan, "coupon", -discount(coupon, fee(plan, begun.seats)), coupon.code))
    return tuple(line for line in lines if line.amount.grains)


def rest_line(
    subscription: Subscription, plan: Plan, grains: int, from_us: int, language: Language
) -> tuple[DraftLine, ...]:
    """The rest of a period: asked for on new terms, or given back (below zero) on the old; none for nothing."""
    if not grains:
        return ()
    amount = Money(grains, plan.currency)
    line = _line(subscription, plan, "proration", amount, title(plan, language))
    return (msgspec.structs.replace(line, from_us=from_us),)


def _line(subscription: Subscription, plan: Plan, kind: Kind, amount: Money, text: str) -> DraftLine:
    return DraftLine(
        kind=kind, amount=amount, credit_account=deferred(subscription.id), text=text,
        from_us=subscription.period_start_us, until_us=subscription.period_end_us, plan=plan.name,
    )  # fmt: skip


def draft(
    subscription: Subscription, lines: tuple[DraftLine, ...], currency: str, reference: str, at_us: int
) -> InvoiceDraft:
    """The invoice for these lines. Who pays by card is charged at once, others have INVOICE_DUE_DAYS."""
    due_us = at_us if subscription.pays == "card" else at_us + INVOICE_DUE_DAYS * DAY_US
    return InvoiceDraft(
        customer=subscription.customer, currency=currency, lines=lines, reference=reference,
        from_us=min(line.from_us for line in lines), until_us=max(line.until_us for line in lines), due_us=due_us,
    )  # fmt: skip


def reference(subscription: Subscription, step: str = "") -> str:
    """What an invoice of the period is for; `step` tells a change within it from others."""
    begin = f"{subscription.id}/{subscription.period_start_us}"
    return f"{begin}/{step}" if step else begin


def total_of(lines: Iterable[DraftLine], currency: str, profile: Profile) -> Money:
    """What an invoice of these lines asks this customer for, VAT included."""
    units = split_lines([line.amount.grains for line in lines], profile.tax)
    return Money(sum(unit.total for unit in units) * GRAINS_PER_MINOR_UNIT, currency)


def stretches(spells: Iterable[tuple[int, int]]) -> tuple[Stretch, ...]:
    """Pairs of since when and how much, as proration takes them."""
    return tuple(Stretch(from_us, amount) for from_us, amount in spells)
