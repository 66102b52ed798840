"""One draw of the year to come, as often as asked: each by its own number, so that it is the same wherever it is drawn.

A draw's luck comes of the seed and its number alone, and sums are numpy's own (never of a library that shares one sum
among threads): any number of workers finds the same to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from solvent.simulation.activity import busiest
from solvent.simulation.assumption import Assumptions, Range
from solvent.simulation.likelihood import Interval
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.trace import Whole
from solvent.values.limits import FIT_CUSTOMERS_ENOUGH

MONTHS: Final = 12
MONTH_US: Final = 30.4375 * 86_400 * 10**6
DEMAND_MOST: Final = 2.0  # a lower price doubles demand at most: assumed
_EXTREME: Final = (DEMAND_MOST - 1) / (DEMAND_MOST + 1)
_NAMES: Final = Assumptions.__struct_fields__
_LEVEL, _WIDE_LEVEL = 0.95, 0.99  # of fewer customers than a tail is seen in the interval is wider
Columns = np.ndarray[Any, np.dtype[np.float64]]


class Heavy(msgspec.Struct, frozen=True):
    """The busiest customers as a Pareto tail. index: with its interval. places: of those customers in an outcome.

    excess: the logarithm of how many times the tail's start each asks.
    """

    index: Interval
    places: Whole
    excess: Columns


class Customers(msgspec.Struct, frozen=True):
    """A month of each customer, in grains. fee: what is left of it. listed: what answers come to at list price.

    served: of what was asked, the share that was answered. dearer: how the bill differs from today's, as a share of the
    mean of both and halved, from -1 to 1; None where today's is not known. heavy: those whose usage the tail tells.
    """

    fee: Columns
    charge: Columns
    listed: Columns
    cost: Columns
    served: Columns
    dearer: Columns | None
    heavy: Heavy | None


class Drawn(msgspec.Struct, frozen=True):
    """Of each draw, in their order: what is left of the year, who costs more than they bring in, and how much more."""

    profits: Columns
    losing: Columns
    losses: Columns


def heavy_of(outcome: Outcome) -> Heavy | None:
    """Who of an outcome's customers are its tail; None where they are too few to tell."""
    asked = np.array([line.answers + line.refused for line in outcome.lines], np.int64)
    there = np.flatnonzero(asked)
    level = _LEVEL if len(there) >= FIT_CUSTOMERS_ENOUGH else _WIDE_LEVEL
    found = busiest(asked[there], level, 1)
    if found is None:
        return None
    index, count = found
    order = there[np.argsort(-asked[there], kind="stable")]
    places = np.sort(order[:count])
    return Heavy(index, places, np.log(asked[places] / asked[order[count]]))


def customers_of(outcome: Outcome, before: Outcome | None, heavy: Heavy | None) -> Customers:
    """Fees by the period, answers by the time. before: what everybody pays today, of the same customers."""
    months = (outcome.until_us - outcome.from_us) / MONTH_US
    lines = outcome.lines
    dearer = None
    if before is not None and before is not outcome:
        paid = {line.customer: _bill(line, months) for line in before.lines}
        pairs = ((_bill(line, months), paid.get(line.customer, 0.0)) for line in lines)
        dearer = np.array([(now - then) / (now + then) if now + then else 0.0 for now, then in pairs])
    return Customers(
        np.array([line.earned_grains / line.months for line in lines]),
        np.array([line.charge_grains / months for line in lines]),
        np.array([(line.charge_grains + line.included_grains) / months for line in lines]),
        np.array([line.cost_grains / months for line in lines]),
        np.array([line.answers / max(1, line.answers + line.refused) for line in lines]),
        dearer, heavy,
    )  # fmt: skip


def _bill(line: CustomerLine, months: float) -> float:
    return line.fee_grains / line.months + line.charge_grains / months


def income_and_cost(of: Customers, index: float | None) -> tuple[Columns, Columns]:
    """What each brings in and costs a month, if the tail has that index in place of its own.

    Whoever asks (x / start) times the start would ask (x / start) ^ (own index / index) times it: Pareto's quantiles.
    Who was refused stays refused; who pays by the answer pays list price for more; who pays nothing for answers goes on
    so.
    """
    charge, cost = of.charge, of.cost
    if of.heavy is not None and index is not None:
        rows = of.heavy.places
        times = np.exp(of.heavy.excess * (of.heavy.index.value / index - 1))
        charge, cost = charge.copy(), cost.copy()
        served = of.served[rows]
        is_stopped = served < 1
        kept = np.minimum(1, times / np.maximum(served, 1e-12))
        more = np.maximum(0, charge[rows] + (times - 1) * of.listed[rows])
        charge[rows] = np.where(is_stopped, charge[rows] * kept, np.where(charge[rows] > 0, more, 0))
        cost[rows] *= np.where(is_stopped, kept, times)
    return of.fee + charge, cost


def demand_left(of: Customers, elasticity: float) -> Columns:
    """What is left of each customer's demand at the new bill; all of it where nobody's is known to differ.

    The arc elasticity, which knows a bill of nothing too: the change of demand and of the bill, each against the mean
    of before and after. Source: Allen, The concept of arc elasticity of demand, Review of Economic Studies 1 (1934).
    """
    if of.dearer is None:
        return np.ones(len(of.fee))
    turned = np.clip(elasticity * of.dearer, -1.0, _EXTREME)
    return np.asarray((1 + turned) / (1 - turned))


def draw(of: Customers, ranges: Mapping[str, Range], seed: int, first: int, last: int) -> Drawn:
    """Draws number first to last - 1. Customers are drawn anew in each: a Poisson bootstrap."""
    found = Drawn(*(np.empty(last - first) for _ in range(3)))
    for number in range(first, last):
        chance = np.random.default_rng((seed, number))
        luck = dict(zip(_NAMES, chance.random(len(_NAMES)).tolist(), strict=True))  # also of what hangs on nothing here
        at = {name: triangle(one, luck[name]) for name, one in ranges.items()}
        held, worth = weights(at)
        income, cost = income_and_cost(of, at.get("tail"))
        there = chance.poisson(1.0, len(income)) * demand_left(of, at.get("elasticity", 0.0))
        short = cost * (worth / held) - income  # with what a grain of cost comes to over the year, on average
        found.profits[number - first] = held * (there * income).sum() - worth * (there * cost).sum()
        found.losing[number - first] = there[short > 0].sum()
        found.losses[number - first] = held * (there * np.maximum(0, short)).sum()
    return found


def joined(parts: Sequence[Drawn]) -> Drawn:
    """Draws that follow each other."""
    return Drawn(*(np.concatenate([getattr(part, name) for part in parts]) for name in Drawn.__struct_fields__))


def triangle(of: Range, luck: float) -> float:
    """Where in a triangle a number between 0 and 1 falls (the inverse of its distribution)."""
    width = of.high - of.low
    if not width:
        return of.usual
    if luck < (of.usual - of.low) / width:
        return of.low + math.sqrt(luck * width * (of.usual - of.low))
    return of.high - math.sqrt((1 - luck) * width * (of.high - of.usual))


def weights(at: Mapping[str, float]) -> tuple[float, float]:
    """How many months of today's customers a year has, and how many of today's monthly costs."""
    held, worth, size = 0.0, 0.0, 1.0
    for month in range(1, MONTHS + 1):
        held += size
        worth += size * at["exchange"] * (1 - at["cost_cut"] * month / MONTHS)
        size *= max(0.0, 1 + at["growth"] - at["churn"])
    return held, worth
