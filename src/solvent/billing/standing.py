"""Where a customer stands: on which terms, and what they bring in against what they cost, this period.

It grows with every answer, so that the crossing of break-even is seen before it happens.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.billing.limits import Override
from solvent.billing.plan import AtBreakEven, Plan, net_price
from solvent.ledger.pot import Kind
from solvent.values.period import Period

Crossing = Literal["", "near", "crossed"]


class Standing(msgspec.Struct):
    """A running total of one process, read anew from the books now and then.

    paid_grains: the net price of the period and what answers brought in beside it; gifts are no income.
    cost_grains, answers: of the answers of this period. overrides: budgets set for this customer alone.
    told: the crossings that this process has raised an alarm for.
    """

    plan: Plan
    period: Period
    usable_until_us: int
    paid_grains: int
    cost_grains: int
    answers: int
    overrides: tuple[Override, ...] = ()
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

    A plan without a price has no break-even: what it gives away is bounded by what it includes.
    """
    if not standing.plan.price.grains:
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
    """What kinds of pots pay for the next answer, as the plan says of what follows its quotas, and of break-even."""
    what_now = "go_on" if standing is None else action(standing)
    if what_now in ("offer_top_up", "stop"):
        return ("grant", "wallet") if what_now == "offer_top_up" else ()
    if standing is not None and standing.plan.beyond == "stop":
        return ("allowance", "grant")
    return ("allowance", "grant", "wallet", "overage")


def opening_paid(plan: Plan) -> int:
    """What a period brings in before its first answer, in grains, without tax and fee."""
    return net_price(plan).grains
