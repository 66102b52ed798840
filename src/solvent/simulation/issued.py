"""What the books gave customers to draw from, and what their plans and packs earned, between two instants.

Plans change on the way, quotas roll over and are taken back, packs are bought, old terms go on for whoever stands on
them: all that is told by pots and what moved in them, so none of it is worked out again here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.billing.plan import Plan
from solvent.billing.recognition import Schedule
from solvent.ledger.pot import Pot
from solvent.values.money import round_half_even

_WHOLE: Final = 1000
Move = tuple[int, int]  # at_us, and grains that came in; below zero: that went out, other than for an answer


class PackSold(msgspec.Struct, frozen=True):
    """A pack: its price is earned as its pot is used. used: of the pot, before the time that is told of."""

    schedule: Schedule
    used: int


class OnIt(msgspec.Struct, frozen=True):
    """The plan a customer is on, or was on last, and for how many months of the time that is told of."""

    plan: str
    months: float


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """pots: by customer, each in drawing order. moves: by account and unit, in the order of time; the first is what was
    in the pot when the time began. earned: by customer and plan, by time, without VAT. plans: the newest terms of
    every name that is in it, whether or not it is on sale.
    """

    from_us: int
    until_us: int
    plans: Mapping[str, Plan]
    on: Mapping[str, OnIt]
    pots: Mapping[str, tuple[Pot, ...]]
    moves: Mapping[tuple[str, str], Sequence[Move]]
    earned: Mapping[tuple[str, str], int]
    packs: Sequence[PackSold]

    def plan_of(self, customer: str) -> str:
        """The name of the plan; "" for whoever is on none."""
        on = self.on.get(customer)
        return on.plan if on is not None else ""


def asked_for(earned: int, plan: Plan | None) -> tuple[int, int]:
    """What customers were asked for what is earned, VAT within, and what of that the payment processor keeps."""
    if plan is None:
        return earned, 0
    asked = round_half_even(earned * (_WHOLE + plan.tax_permille), _WHOLE)
    return asked, round_half_even(asked * plan.fee_permille, _WHOLE)
