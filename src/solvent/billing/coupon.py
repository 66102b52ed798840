"""Coupons: a part or an amount off a plan's price, once, for some periods or for ever; or a gift of money."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from solvent.values.errors import Invalid, Refused
from solvent.values.ids import CustomerId
from solvent.values.limits import PLAN_UNITS_MAX
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, grains_per_unit, minor_digits, plain, round_half_even

FOR_EVER: Final = -1
PERIODS_MAX: Final = 1_200
DAYS_MAX: Final = 3_660
_CODE = re.compile(r"[A-Z0-9가-힣][A-Z0-9가-힣-]{1,38}[A-Z0-9가-힣]\Z")
What = Literal["percent", "amount", "gift"]


class Coupon(msgspec.Struct, frozen=True):
    """One coupon. Its fields are the columns of `coupons`, in their order.

    code: what customers type, in capitals. what: "percent" takes `permille` off, "amount" takes grains off, a
    "gift" gives grains to spend on answers, good for valid_days days of 24 hours (0: they do not expire).
    periods: for how many periods it takes something off; FOR_EVER for all. currency: of the grains.
    from_us, until_us: it is taken from the first until just before the second. redemptions_most: by how many
    customers; 0 for any number. plans: for which plans, separated by spaces; "" for all.
    """

    code: str
    what: What
    permille: int
    grains: int
    currency: str
    periods: int
    valid_days: int
    from_us: int
    until_us: int
    redemptions_most: int
    plans: str


class Redemption(msgspec.Struct, frozen=True):
    """A coupon in a customer's hand. Its fields are the columns of `redemptions`, in their order.

    periods_left: for how many periods it still takes something off; FOR_EVER for all.
    """

    coupon: str
    customer: CustomerId
    at_us: int
    periods_left: int


def code_of(text: str) -> str:
    """The code in what a customer typed: no spaces, capitals."""
    return "".join(text.split()).upper()


def discount(coupon: Coupon, price: Money) -> Money:
    """What it takes off a period's price: whole minor units, and never more than the price."""
    if coupon.what == "gift":
        return Money(0, price.currency)
    if coupon.what == "amount":
        return Money(min(coupon.grains, price.grains), price.currency)
    off = round_half_even(price.grains * coupon.permille, 1000 * GRAINS_PER_MINOR_UNIT) * GRAINS_PER_MINOR_UNIT
    return Money(min(off, price.grains), price.currency)


def demand_good(coupon: Coupon, plan: str, currency: str, redeemed: int, at_us: int) -> None:
    """Raises Refused when a customer on this plan cannot take it now. redeemed: by how many it was taken."""
    if not coupon.from_us <= at_us < coupon.until_us:
        early = at_us < coupon.from_us
        message = f"coupon {coupon.code} {'is not valid yet' if early else 'has expired'}"
        raise Refused("coupon_expired", message, param="code")
    if coupon.redemptions_most and redeemed >= coupon.redemptions_most:
        message = f"coupon {coupon.code} was for {coupon.redemptions_most} customers, and they all have taken it"
        raise Refused("coupon_used_up", message, param="code")
    if not fits(coupon, plan):
        message = f"coupon {coupon.code} is not for plan {plan!r}; it is for: {coupon.plans.replace(' ', ', ')}"
        raise Refused("coupon_does_not_fit", message, param="code")
    if coupon.what != "percent" and coupon.currency != currency:
        message = f"coupon {coupon.code} is in {coupon.currency}, and this plan in {currency}"
        raise Refused("coupon_does_not_fit", message, param="code")


def fits(coupon: Coupon, plan: str) -> bool:
    """Whether it is for this plan."""
    return not coupon.plans or plan in coupon.plans.split(" ")


def used(redemption: Redemption) -> Redemption:
    """After one more period."""
    if redemption.periods_left == FOR_EVER:
        return redemption
    assert redemption.periods_left > 0, "a coupon that is used up takes nothing off"
    return msgspec.structs.replace(redemption, periods_left=redemption.periods_left - 1)


def check(coupon: Coupon) -> Coupon:
    """The coupon with its code as customers type it. Raises Invalid naming the field that cannot be."""
    code = code_of(coupon.code)
    if not _CODE.match(code):
        what = f"{coupon.code[:40]!r} is no code; write 3 to 40 letters, digits and '-'"
        raise _bad("code", what)
    if coupon.what == "percent" and not 1 <= coupon.permille <= 1000:
        raise _bad("permille", f"{coupon.permille} is not between 1 and 1000; ten percent is 100")
    if coupon.what != "percent":
        minor_digits(coupon.currency)
        if not 0 < coupon.grains <= PLAN_UNITS_MAX * grains_per_unit(coupon.currency):
            raise _bad("amount", f"{plain(Money(coupon.grains, coupon.currency))} is not an amount above 0")
        if coupon.what == "amount" and coupon.grains % GRAINS_PER_MINOR_UNIT:
            raise _bad("amount", f"{plain(Money(coupon.grains, coupon.currency))} has more decimals than invoices have")
    if coupon.what != "gift" and coupon.periods != FOR_EVER and not 1 <= coupon.periods <= PERIODS_MAX:
        raise _bad("periods", f"{coupon.periods} is not 1 to {PERIODS_MAX}, or {FOR_EVER} for ever")
    if not 0 <= coupon.valid_days <= DAYS_MAX:
        raise _bad("valid_days", f"{coupon.valid_days} is not 0 to {DAYS_MAX}; 0 is for ever")
    if coupon.until_us <= coupon.from_us:
        raise _bad("until", "it ends before it begins; write a later end")
    if coupon.redemptions_most < 0:
        raise _bad("redemptions_most", f"{coupon.redemptions_most} is below 0; 0 is for any number")
    return msgspec.structs.replace(coupon, code=code, plans=" ".join(coupon.plans.split()))


def _bad(field: str, what: str) -> Invalid:
    return Invalid("bad_coupon", f"{field}: {what}", param=field)
