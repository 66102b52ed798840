"""Break-even: how many answers a month a plan's price pays for. A formula, never a constant.

N* = (net price - free subsidy - fixed cost) / cost of one answer. Source: facts/ECONOMICS.md 1.8.
"""

from __future__ import annotations

import msgspec

from solvent.values.money import Money


class BreakEven(msgspec.Struct, frozen=True):
    """Where one plan stands. answers_month: None when an answer cost nothing yet, or nobody asked.

    free_subsidy: what the free customers' answers cost each paying customer, over the same time.
    """

    plan: str
    net_price: Money
    free_subsidy: Money
    fixed: Money
    cost_per_answer_grains: int | None
    answers_month: int | None


def room(standing: BreakEven) -> Money:
    """What one customer's answers may cost in a month until break-even; below zero where the fee covers not even what
    all share."""
    return standing.net_price - standing.free_subsidy - standing.fixed


def cost_each(standing: BreakEven) -> Money | None:
    """What one of its answers cost; None while there is none."""
    each = standing.cost_per_answer_grains
    return None if each is None else Money(each, standing.net_price.currency)


def break_even(plan: str, net_price: Money, free_subsidy: Money, fixed: Money, cost: Money, answers: int) -> BreakEven:
    """cost, answers: what this plan's answers have cost and how many they were; whole answers, rounded down."""
    each = cost.grains // answers if answers else None
    standing = BreakEven(plan, net_price, free_subsidy, fixed, each, None)
    if not answers or cost.grains <= 0:
        return standing
    return msgspec.structs.replace(standing, answers_month=max(0, room(standing).grains) * answers // cost.grains)


def free_subsidy(free_cost: Money, paying_customers: int) -> Money:
    """The cost of free answers shared by those who pay, rounded up; nothing while nobody pays."""
    if paying_customers <= 0:
        return Money(0, free_cost.currency)
    return Money(-(-free_cost.grains // paying_customers), free_cost.currency)
