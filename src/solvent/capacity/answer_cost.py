"""What an answer costs: seconds of devices at their rent, spread over the time they are busy, electricity, extras.

The edge where estimates become money: everything before is floats, what leaves is whole grains.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import Money, grains_per_unit, round_half_even

SECONDS_PER_HOUR: Final = 3_600
WATT_HOURS_PER_UNIT: Final = 1_000


class CostTerms(msgspec.Struct, frozen=True):
    """On what terms hardware is had. device_hour, kilowatt_hour, extras: whole units of the currency.

    utilisation: the share of paid hours that devices are busy. kilowatt_hour: 0 where the rent includes it.
    extras: of each answer, such as a search or support.
    """

    currency: str
    device_hour: Fraction
    utilisation: Annotated[float, Meta(gt=0, le=1)] = 0.5
    kilowatt_hour: Fraction = Fraction(0)
    extras: Fraction = Fraction(0)


class AnswerCost(msgspec.Struct, frozen=True):
    """One answer's cost and what it consists of; `total` is exactly their sum."""

    rent: Money
    power: Money
    extras: Money
    total: Money


def answer_cost(device_seconds: float, watt_hours: float, terms: CostTerms) -> AnswerCost:
    """The cost of an answer that keeps devices busy for so many seconds and draws so much.

    Raises Invalid where that is more than the books can hold.
    """
    busy = Fraction(device_seconds) / Fraction(terms.utilisation)
    rent = _money(busy * terms.device_hour / SECONDS_PER_HOUR, terms.currency)
    power = _money(Fraction(watt_hours) * terms.kilowatt_hour / WATT_HOURS_PER_UNIT, terms.currency)
    extras = _money(terms.extras, terms.currency)
    return AnswerCost(rent, power, extras, rent + power + extras)


def answers_within(budget: Money, each: Money) -> int | None:
    """How many answers a sum pays for, rounded down; None where they cost nothing."""
    if budget.currency != each.currency:
        raise ValueError(f"cannot divide {budget.currency} by {each.currency}")
    return max(budget.grains, 0) // each.grains if each.grains > 0 else None


def _money(units: Fraction, currency: str) -> Money:
    grains = units * grains_per_unit(currency)
    if not math.isfinite(float(units)) or abs(grains) > GRAINS_MAX:
        raise Invalid("amount_too_large", f"an answer of {float(units):.3g} {currency} does not fit the books")
    return Money(round_half_even(grains.numerator, grains.denominator), currency)
