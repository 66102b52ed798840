"""What a plan includes in a period: answers, tokens, or money's worth of them, for some classes of model or all.

In the ledger each is a pot of its own, counted in its own unit; so it is held, leased and used like money.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.ledger import unit as units
from solvent.ledger.pot import UNLIMITED

Unit = Literal["answers", "tokens", "money"]
NO_LIMIT: Final = "unlimited."  # how the places of quotas that never run out begin


class Included(msgspec.Struct, frozen=True):
    """One quota of a plan.

    amount: whole answers or tokens a period, or grains at list price; `unlimited` of a unit for no limit.
    classes: the model classes it is for; all of them when empty.
    roll_over: at most so much of what is left goes into the next period.
    each_seat: it is given for every seat, into one pot for all.
    """

    unit: Unit
    amount: int
    classes: tuple[str, ...] = ()
    roll_over: int = 0
    each_seat: bool = False


def unlimited(unit: Literal["answers", "tokens"]) -> int:
    """So much that nobody uses it up in a period."""
    return UNLIMITED[units.ANSWERS if unit == "answers" else units.TOKENS]


def is_unlimited(included: Included) -> bool:
    """Whether it never runs out."""
    return included.unit != "money" and included.amount == unlimited(included.unit)


def issued(included: Included, seats: int) -> int:
    """What a whole period gives to a subscription with so many seats."""
    return included.amount * seats if included.each_seat and not is_unlimited(included) else included.amount


def rolls_over(included: Included, seats: int) -> int:
    """The most that goes into the next period."""
    return included.roll_over * seats if included.each_seat else included.roll_over


def place(included: Included) -> str:
    """Tells the quotas of one plan apart, and finds the like of one in another plan: "answers-large+small"."""
    classes = "+".join(sorted(included.classes))
    word = f"{NO_LIMIT}{included.unit}" if is_unlimited(included) else included.unit
    return f"{word}-{classes}" if classes else word


def ledger_unit(included: Included, currency: str) -> str:
    """What its pot counts."""
    if included.unit == "money":
        return units.included(currency)
    return units.ANSWERS if included.unit == "answers" else units.TOKENS
