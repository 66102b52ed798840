"""Plans: what a customer pays each period, what is included for it, and what happens beyond.

A plan that was sold never changes: other terms are another version, and who is on the old one stays on it.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from solvent.billing.included import Included
from solvent.billing.limits import Limits
from solvent.billing.pack import Pack
from solvent.values.money import Money, round_half_even
from solvent.values.period import MONTHS, Every

# When what is included is used up: answers stop, are paid from the wallet, or are used on account and invoiced.
Beyond = Literal["stop", "wallet", "overage"]
# When a customer's answers are about to cost more than they pay.
AtBreakEven = Literal["go_on", "cheaper", "slow", "offer_top_up", "stop"]
# What the request log keeps of an answer.
Keep = Literal["none", "metadata", "text"]
BREAK_EVEN_ALERT_PERMILLE: Final = 800
GRACE_DAYS: Final = 3
RETRY_DAYS: Final = (1, 3, 5, 7)


class Title(msgspec.Struct, frozen=True):
    """A name as customers read it."""

    ko: str = ""
    en: str = ""


class Trial(msgspec.Struct, frozen=True):
    """A free time before the first period: so many days of 24 hours, with its own quotas."""

    days: int
    included: tuple[Included, ...] = ()


class Seats(msgspec.Struct, frozen=True):
    """For customers with many users.

    included: seats within the price. price: of each further one, a period. most: how many there may be at all.
    """

    included: int
    price: Money
    most: int


class BatchTerms(msgspec.Struct, frozen=True):
    """What answers of a batch are charged.

    permille: so many thousandths of a model's plain prices, 1 to 1000. by_tariff: instead, by the batch tariff of the
    model's price card, where it has one.
    """

    permille: int = 1000
    by_tariff: bool = False


class LogTerms(msgspec.Struct, frozen=True):
    """What is kept of what customers ask and are told.

    keep: nothing, how much it was, or the texts too. redact: the kinds of personal data that are masked before anything
    is written. days: for how long it is kept.
    """

    keep: Keep = "none"
    redact: tuple[str, ...] = ()
    days: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, in one version.

    price: what the customer pays a period, tax included; zero for a free plan.
    included: the quotas of a period. beyond: when they are used up. overage_most: the most used on account in a
    period. trial, seats: none when the plan has none.
    at_break_even: when this customer's cost reaches what they pay; cheaper_class: the class of model it goes on
    with; break_even_alert_permille: at that part of it everybody concerned is told.
    retry_days: after a payment failed or an invoice was due, on which days it is tried again; after the last the
    subscription ends. grace_days: how long the quotas of an unpaid period may be used. afterwards: the plan a
    customer is on when this one has ended, canceled or unpaid; "" for none.
    tax_permille: value-added tax on top of the net price (100 in Korea), inside `price`.
    fee_permille: what the payment processor keeps of the price.
    fixed_month: cost of one such customer a month that does not depend on answers.
    batch: what answers of a batch are charged; as any others when the plan does not say.
    request_log: what is kept of questions and answers; as the service says when the plan does not.
    version: 1 for the first terms of this name; 0 while it was never published.
    """

    name: str
    price: Money
    period: Every = "month"
    title: Title = Title()
    included: tuple[Included, ...] = ()
    beyond: Beyond = "wallet"
    overage_most: Money | None = None
    trial: Trial | None = None
    seats: Seats | None = None
    limits: Limits = Limits()
    at_break_even: AtBreakEven = "go_on"
    cheaper_class: str = ""
    break_even_alert_permille: int = BREAK_EVEN_ALERT_PERMILLE
    retry_days: tuple[int, ...] = RETRY_DAYS
    grace_days: int = GRACE_DAYS
    afterwards: str = ""
    packs: tuple[Pack, ...] = ()
    tax_permille: int = 100
    fee_permille: int = 34
    fixed_month: Money | None = None
    version: int = 0
    # Left out of what is written, as in plans from before they could be said.
    batch: BatchTerms | UnsetType = UNSET
    request_log: LogTerms | UnsetType = UNSET

    @property
    def currency(self) -> str:
        """What all its amounts are in."""
        return self.price.currency


def batch_terms(plan: Plan) -> BatchTerms:
    """What answers of a batch are charged."""
    return BatchTerms() if isinstance(plan.batch, UnsetType) else plan.batch


def is_free(plan: Plan) -> bool:
    """Whether it gives something for nothing: a free tier."""
    return not plan.price.grains and bool(plan.included)


def fee(plan: Plan, seats: int) -> Money:
    """What a whole period costs with so many seats, tax included, without coupons."""
    return Money(plan.price.grains + seats_fee(plan, seats).grains, plan.currency)


def seats_fee(plan: Plan, seats: int) -> Money:
    """The part of it for seats beyond those included."""
    if plan.seats is None:
        return Money(0, plan.currency)
    return Money(plan.seats.price.grains * max(0, seats - plan.seats.included), plan.currency)


def net_price(plan: Plan) -> Money:
    """What is left of a period's price after tax and fee: P / (1 + tax) - fee * P, rounded once.

    Source: facts/ECONOMICS.md 1.8.
    """
    return net_of(plan, plan.price)


def net_of(plan: Plan, price: Money) -> Money:
    """The same of any price that is taxed and charged as the plan's: of a pack, of further seats."""
    return Money(_net(plan, price, 1), plan.currency)


def net_price_month(plan: Plan) -> Money:
    """The same for one month of the period: a twelfth of a year's."""
    return Money(_net(plan, plan.price, MONTHS[plan.period]), plan.currency)


def _net(plan: Plan, price: Money, months: int) -> int:
    taxed = 1000 + plan.tax_permille
    return round_half_even(price.grains * (1_000_000 - plan.fee_permille * taxed), 1000 * taxed * months)


def terms(plan: Plan) -> Plan:
    """The plan without its version: two with the same terms are the same offer."""
    return msgspec.structs.replace(plan, version=0)


def pack_named(plan: Plan, name: str) -> Pack | None:
    """A pack on sale with this plan."""
    return next((pack for pack in plan.packs if pack.name == name), None)
