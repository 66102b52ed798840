"""The year to come, many times over: what customers would leave of it if they stay, go, grow or cost more.

Customers are drawn anew in each draw (a Poisson bootstrap), so a year hangs on its few heavy users as much as it really
does. The same seed draws the same luck for every scenario: what differs between two of them is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from solvent.simulation.assumption import Assumptions, Range
from solvent.simulation.outcome import Outcome
from solvent.values.errors import Invalid

MONTHS: Final = 12
DRAWS_MAX: Final = 100_000
QUANTILES: Final = (10, 50, 100, 250, 500, 750, 900, 950, 990)
BINS: Final = 20
_DAY_US: Final = 86_400 * 10**6
_MONTH_US: Final = 30.4375 * _DAY_US
Columns = np.ndarray[Any, np.dtype[np.float64]]


class Swing(msgspec.Struct, frozen=True):
    """What one assumption is worth: the year's profit in grains at its low and its high end, all others as usual."""

    assumption: str
    low_grains: int
    high_grains: int


class Bin(msgspec.Struct, frozen=True):
    """How many draws leave at least low_grains and less than high_grains; in the last bin, at most."""

    low_grains: int
    high_grains: int
    draws: int


class Year(msgspec.Struct, frozen=True):
    """Profit is what is left after answers and what plans say customers cost; in grains of the outcome's currency.

    quantiles: (permille of draws, profit). loss_permille: of the draws, how many lose money. usual_grains: with all as
    usual, and the customers that there are. losing_customers: in a usual draw, those who cost more than they bring in;
    losses_grains: what they cost beyond it. swings: the largest first. bins: the draws by their profit, of one width.
    """

    draws: int
    seed: int
    usual_grains: int
    quantiles: tuple[tuple[int, int], ...]
    loss_permille: int
    losing_customers: int
    swings: tuple[Swing, ...]
    losses_grains: int
    bins: tuple[Bin, ...]


def year(outcome: Outcome, assumptions: Assumptions, draws: int = 1000, seed: int = 1) -> Year:
    """Raises Invalid for an outcome of less than a day or of nobody, and for draws out of range."""
    if not 1 <= draws <= DRAWS_MAX:
        raise Invalid("bad_assumption", f"draws: {draws} is not 1 to {DRAWS_MAX:,}", param="draws")
    if not outcome.lines or outcome.until_us - outcome.from_us < _DAY_US:
        message = "this traffic is less than a day of answers, too short to draw a year from; replay a longer time"
        raise Invalid("bad_scenario", message, param="year")
    income, cost = _monthly(outcome)
    chance = np.random.default_rng(seed)
    ranges = _ranges(assumptions)
    luck = chance.random((draws, len(ranges)))
    held, worth = _weights(*(_triangle(of, luck[:, n]) for n, of in enumerate(ranges.values())))
    profits, losing, losses = np.empty(draws), np.empty(draws), np.empty(draws)
    dear = worth / held  # what a grain of cost comes to over the year, on average
    for n in range(draws):
        copies = chance.poisson(1.0, len(income))
        profits[n] = held[n] * (copies @ income) - worth[n] * (copies @ cost)
        short = dear[n] * cost - income
        losing[n] = copies @ (short > 0)
        losses[n] = held[n] * (copies @ np.maximum(0, short))
    ranked = np.sort(profits)
    quantiles = tuple((permille, int(ranked[permille * (draws - 1) // 1000])) for permille in QUANTILES)
    income_all, cost_all = float(income.sum()), float(cost.sum())
    swings = _swings(ranges, income_all, cost_all)
    usual = _profit([of.usual for of in ranges.values()], income_all, cost_all)
    return Year(
        draws, seed, usual, quantiles, int(1000 * (profits < 0).mean()), int(np.median(losing)), swings,
        int(np.median(losses)), _bins(profits),
    )  # fmt: skip


def _bins(profits: Columns) -> tuple[Bin, ...]:
    low, high = float(profits.min()), float(profits.max())
    if low == high:
        return (Bin(int(low), int(high), len(profits)),)
    edges = np.linspace(low, high, BINS + 1)
    counts, _ = np.histogram(profits, edges)
    return tuple(
        Bin(int(low), int(high), int(count)) for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )  # fmt: skip


def _monthly(outcome: Outcome) -> tuple[Columns, Columns]:
    """What each customer brings in and costs in a month: fees by the period, answers by the time."""
    months = (outcome.until_us - outcome.from_us) / _MONTH_US
    fees = np.array([line.earned_grains / line.months for line in outcome.lines])
    charges = np.array([line.charge_grains / months for line in outcome.lines])
    return fees + charges, np.array([line.cost_grains / months for line in outcome.lines])


def _triangle(of: Range, luck: Columns) -> Columns:
    """Where in a triangle a number between 0 and 1 falls (the inverse of its distribution)."""
    width = of.high - of.low
    if not width:
        return np.full(luck.shape, of.usual)
    turn = (of.usual - of.low) / width
    rising = of.low + np.sqrt(luck * width * (of.usual - of.low))
    falling = of.high - np.sqrt((1 - luck) * width * (of.high - of.usual))
    return np.where(luck < turn, rising, falling)


def _weights(growth: Columns, churn: Columns, exchange: Columns, cost_cut: Columns) -> tuple[Columns, Columns]:
    """How many months of today's customers a year has, and how many of today's monthly costs; one a draw."""
    held, worth, size = np.zeros(growth.shape), np.zeros(growth.shape), np.ones(growth.shape)
    for month in range(1, MONTHS + 1):
        held += size
        worth += size * exchange * (1 - cost_cut * month / MONTHS)
        size = size * np.maximum(0, 1 + growth - churn)
    return held, worth


def _ranges(assumptions: Assumptions) -> dict[str, Range]:
    """By name, in the order in which `_weights` takes them."""
    return msgspec.structs.asdict(assumptions)


def _profit(at: Sequence[float], income: float, cost: float) -> int:
    held, worth = _weights(*(np.array([value]) for value in at))
    return int(held[0] * income - worth[0] * cost)


def _swings(ranges: Mapping[str, Range], income: float, cost: float) -> tuple[Swing, ...]:
    usual = [of.usual for of in ranges.values()]
    swings = []
    for n, (name, of) in enumerate(ranges.items()):
        low, high = (_profit([*usual[:n], end, *usual[n + 1 :]], income, cost) for end in (of.low, of.high))
        swings.append(Swing(name, low, high))
    return tuple(sorted(swings, key=lambda swing: -abs(swing.high_grains - swing.low_grains)))
