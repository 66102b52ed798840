"""Break-even of an outcome: how many answers a plan's price pays for, and what price leaves nothing, with intervals.

The formula is the margin room's (facts/ECONOMICS.md 1.8); the interval comes of drawing customers anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from solvent.billing.plan import Plan, net_of
from solvent.margin.break_even import break_even, free_subsidy
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.values.money import Money
from solvent.values.period import MONTHS

_DRAWS: Final = 200
_LOW, _HIGH = 0.05, 0.95
_WHOLE: Final = 10**12  # grains of a price of which the net share is asked: enough digits for any plan
Floats = np.ndarray[Any, np.dtype[np.float64]]


class Interval(msgspec.Struct, frozen=True):
    """What was found, and between what it lies in nine of ten draws of other customers like these."""

    low: int
    usual: int
    high: int


class PaysFor(msgspec.Struct, frozen=True):
    """Where a plan with a price breaks even.

    answers_month: so many answers a month of one customer cost what is left of the price; None where each answer
    brings in what it costs. price_grains: the price of a period, tax within, at which the plan's customers, as they
    are, leave nothing; with the free customers' answers in it. beyond: customers who ask more than `answers_month`.
    """

    plan: str
    customers: int
    answers_month: Interval | None
    price_grains: Interval
    beyond: int


def pays_for(outcome: Outcome, plans: Mapping[str, Plan], seed: int = 1) -> tuple[PaysFor, ...]:
    """Of every plan in an outcome that has a price and customers; the same seed draws the same customers."""
    paying = [line for line in outcome.lines if line.fee_grains and line.plan in plans]
    free_cost = sum(max(0, one.cost_grains - one.charge_grains) for one in outcome.lines if not one.fee_grains)
    months = sum(line.months for line in paying)
    subsidy = free_subsidy(outcome.money(round(free_cost / months) if months else 0), 1)
    return tuple(_of(plans[name], outcome, subsidy, seed) for name in dict.fromkeys(line.plan for line in paying))


def _of(plan: Plan, outcome: Outcome, subsidy: Money, seed: int) -> PaysFor:
    lines = [line for line in outcome.lines if line.plan == plan.name and line.fee_grains]
    rows = np.array([_row(line, plan) for line in lines])
    chance = np.random.default_rng(seed)
    drawn = np.array([chance.poisson(1.0, len(lines)) @ rows for _ in range(_DRAWS)])
    drawn, usual = drawn[drawn[:, 0] > 0], rows.sum(axis=0, keepdims=True)
    net = net_of(plan, Money(_WHOLE, plan.currency)).grains / _WHOLE / MONTHS[plan.period]
    free = float(subsidy.grains)
    price = _interval(_price(drawn, free, net), float(_price(usual, free, net)[0]))
    months, (answers, cost, left) = float(usual[0][0]), (int(value) for value in usual[0][1:4])
    if cost <= 0 or not answers:
        return PaysFor(plan.name, len(lines), None, price, 0)
    nothing = outcome.money(0)
    each_month = outcome.money(int(left / months))
    found = break_even(plan.name, each_month, subsidy, nothing, outcome.money(cost), answers).answers_month or 0
    around = _interval(_answers(drawn[drawn[:, 2] > 0], free), found)
    beyond = sum(line.answers > found * line.months for line in lines)
    return PaysFor(plan.name, len(lines), around, price, beyond)


def _row(line: CustomerLine, plan: Plan) -> tuple[float, ...]:
    """Months on the plan; answers, and what they cost beyond what they charge; what is left of the price in that time,
    and what such a customer costs in it anyway."""
    fixed = net_of(plan, Money(line.fee_grains, plan.currency)).grains - line.earned_grains
    return line.months, line.answers, line.cost_grains - line.charge_grains, line.earned_grains, fixed


def _answers(sums: Floats, subsidy: float) -> Floats:
    """N* = (net price - free subsidy - fixed cost) / cost of an answer. Source: facts/ECONOMICS.md 1.8."""
    months, answers, cost, left, _ = sums.T
    return np.asarray(np.maximum(0, left / months - subsidy) * answers / cost)


def _price(sums: Floats, subsidy: float, net: float) -> Floats:
    """The price of a period of which `net` is left in a month: for what answers cost, fixed cost, and free answers."""
    months, _, cost, _, fixed = sums.T
    return np.asarray(np.maximum(0, (cost + fixed) / months + subsidy) / net)


def _interval(drawn: Floats, usual: float) -> Interval:
    low, high = np.quantile(drawn, (_LOW, _HIGH)) if len(drawn) else (usual, usual)
    return Interval(int(min(low, usual)), int(usual), int(max(high, usual)))
