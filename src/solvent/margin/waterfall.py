"""From what customers pay to what is left, step by step: every step is a sum of the books, and they add up exactly.

What the roll-ups do not know (VAT, payment fees, hardware that idles) comes from the ledger; what is not booked there
is no step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from solvent.ledger.account import (
    BAD_DEBT,
    CHARGEBACKS,
    CUSTOMER_GRANTS,
    EDGE,
    ENGINE_IDLE,
    HOUSE_LOSS,
    PAYMENT_FEES,
    VAT_PAYABLE,
)
from solvent.margin.facet import CORRECTED, FAILED, FREE, HEDGED, RETRIED
from solvent.margin.line import MarginSums
from solvent.pricing.parts import KINDS

UNSPLIT: Final = "unsplit"  # costs from before they were taken apart
VAT: Final = "vat"
Origin = Literal["answers", "plans", "ledger", "sum"]
# What answers cost in vain, or hardware that waits: money that can be won back.
_WASTE: Final = frozenset({FAILED, RETRIED, HEDGED, "idle"})
# Costs in the order they stand in: what was read and written first, what was in vain last.
COSTS: Final = (FREE, *KINDS, RETRIED, HEDGED, FAILED, CORRECTED, UNSPLIT)
# What the ledger spends beside answers, in the order it stands in.
BESIDE: Final = ("fees", "idle", "edge", "chargebacks", "bad_debt", "other")
_ACCOUNTS: Final = {
    PAYMENT_FEES: "fees", ENGINE_IDLE: "idle", EDGE: "edge", CHARGEBACKS: "chargebacks", BAD_DEBT: "bad_debt",
    VAT_PAYABLE: VAT,
    # Gifts count where they are used, and what an answer came to beyond its hold is in no charge.
    CUSTOMER_GRANTS: "", HOUSE_LOSS: "",
}  # fmt: skip


class Step(msgspec.Struct, frozen=True):
    """grains: what it adds, or below zero takes; of a total, what there is by then. origin: where it is seen behind."""

    name: str
    grains: int
    origin: Origin
    is_total: bool = False
    is_waste: bool = False


def waterfall(sums: MarginSums, parts: Mapping[tuple[str, str], int], beside: Mapping[str, int]) -> list[Step]:
    """The total "margin" is that of `MarginLine`; where anything was spent beside, "left" follows it.

    sums: of all lines. parts: costs by plan and part. beside: as `beside_of` tells it; its VAT is that of what was paid
    for in these days.
    """
    vat_grains = beside.get(VAT, 0)
    steps = [Step("charged", sums.charge_grains, "answers")]
    if sums.earned_grains:
        steps.append(Step("plans_earned", sums.earned_grains, "plans"))
    if vat_grains:
        priced = sums.charge_grains + sums.earned_grains + vat_grains
        steps += [
            Step("vat_paid", vat_grains, "ledger"), Step("price", priced, "sum", is_total=True),
            Step(VAT, -vat_grains, "ledger"),
        ]  # fmt: skip
    if sums.granted_grains:
        steps.append(Step("gifts", -sums.granted_grains, "answers"))
    revenue = sums.charge_grains + sums.earned_grains - sums.granted_grains
    steps.append(Step("revenue", revenue, "sum", is_total=True))
    costs = costs_of(sums.cost_grains, parts)
    steps += [Step(name, -costs[name], "answers", is_waste=name in _WASTE) for name in COSTS if costs.get(name)]
    margin = revenue - sums.cost_grains
    steps.append(Step("margin", margin, "sum", is_total=True))
    spent = [name for name in BESIDE if beside.get(name)]
    if spent:
        steps += [Step(name, -beside[name], "ledger", is_waste=name in _WASTE) for name in spent]
        steps.append(Step("left", margin - sum(beside[name] for name in spent), "sum", is_total=True))
    return steps


def costs_of(cost_grains: int, parts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """All costs by what they were for: of free plans as one, and what is not known apart as another."""
    found = dict.fromkeys(COSTS, 0)
    for (_, part), grains in parts.items():
        found[part if part in found else UNSPLIT] += grains
    found[UNSPLIT] += cost_grains - sum(found.values())
    return found


def beside_named(account: str) -> str:
    """The step that what an account of costs, expenses or VAT moves is in; "" for what is in none."""
    return next((name for one, name in _ACCOUNTS.items() if f"{account}:".startswith(f"{one}:")), "other")


def beside_of(moved: Mapping[tuple[str, str], int], currency: str) -> dict[str, int]:
    """What accounts of costs, expenses and VAT moved, by the step it is in; what is in another currency is in none.

    moved: debits less credits by account and unit. VAT is counted as credits: it is owed.
    """
    found = dict[str, int]()
    for (account, unit), grains in moved.items():
        name = beside_named(account)
        if name and unit == currency:
            found[name] = found.get(name, 0) + (-grains if name == VAT else grains)
    return found
