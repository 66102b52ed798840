"""Where a customer stands: on which terms, and what they bring in against what they cost, this period.

It grows with every answer, so that the crossing of break-even is seen before it happens.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.billing.limits import Override
from solvent.billing.plan import AtBreakEven, Plan
from solvent.ledger.pot import Kind
from solvent.values.period import Period

Crossing = Literal["", "near", "crossed"]
EVERY_KIND: Final[tuple[Kind, ...]] = ("allowance", "grant", "wallet", "overage")
_GIVEN: Final[tuple[Kind, ...]] = ("allowance", "grant")
_TOPPED_UP: Final[tuple[Kind, ...]] = ("grant", "wallet")


class Came(msgspec.Struct, frozen=True):
    """What some answers came to: what they brought in (gifts are no income) and cost, in grains."""

    brought_grains: int = 0
    cost_grains: int = 0
    answers: int = 0


class Standing(msgspec.Struct):
    """A running total of one process, read anew from the books now and then.

    price_grains: what this period asks for, net: seats, coupons and changes counted; 0 in a trial.
    paid_grains: that, what the packs bought in this period bring, and what answers brought in beside it.
    cost_grains, answers: of the answers of this period. overrides: budgets set for this customer alone.
    earlier: what answers of the period's first day came to before it began: not of this period.
    told: the crossings that this process has raised an alarm for.
    """

    plan: Plan
    period: Period
    usable_until_us: int
    price_grains: int
    paid_grains: int
    cost_grains: int
    answers: int
    overrides: tuple[Override, ...] = ()
    earlier: Came = Came()
    told: Crossing = ""

    def add(self, paid_grains: int, cost_grains: int) -> None:
        """One more answer."""
        self.paid_grains += paid_grains
        self.cost_grains += cost_grains
        self.answers += 1

    @property
    def next_cost_grains(self) -> int:
        """What the next answer may well cost: as much as one did until now, rounded up."""
        return -(-self.cost_grains // self.answers) if self.answers else 0


def crossing(standing: Standing, more_grains: int = 0) -> Crossing:
    """Whether the cost, with `more_grains` of it to come, is near or beyond what the customer brings in.

    A period that asks for nothing, free or a trial, has no break-even: what it gives away is bounded by what it
    includes.
    """
    if not standing.price_grains:
        return ""
    cost = standing.cost_grains + more_grains
    if cost > standing.paid_grains:
        return "crossed"
    near = standing.plan.break_even_alert_permille
    return "near" if near and cost * 1000 >= standing.paid_grains * near else ""


def action(standing: Standing) -> AtBreakEven:
    """What the plan says of the next answer: "go_on" unless it would cross break-even."""
    if standing.plan.at_break_even == "go_on" or crossing(standing, standing.next_cost_grains) != "crossed":
        return "go_on"
    return standing.plan.at_break_even


def kinds_that_pay(standing: Standing | None) -> tuple[Kind, ...]:
    """What kinds of pots pay for the next answer, as the plan says of what follows its quotas, and of break-even.

    What a pack gave pays beside them always: it was bought.
    """
    return kinds_beyond(None) if standing is None else kinds_now(action(standing), standing.plan)


def kinds_now(what_now: AtBreakEven, plan: Plan) -> tuple[Kind, ...]:
    """The same, where the `action` is known."""
    if what_now == "offer_top_up":
        return _TOPPED_UP
    return () if what_now == "stop" else kinds_beyond(plan)


def kinds_beyond(plan: Plan | None) -> tuple[Kind, ...]:
    """What kinds of pots pay on a plan, or on none, as it says of what follows its quotas."""
    return _GIVEN if plan is not None and plan.beyond == "stop" else EVERY_KIND
