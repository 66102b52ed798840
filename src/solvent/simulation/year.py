"""The year to come, many times over: what customers would leave of it if they stay, go, grow or cost more.

Customers are drawn anew in each draw (a Poisson bootstrap), so a year hangs on its few heavy users as much as it really
does. The same seed draws the same luck for every scenario: what differs between two of them is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from solvent.clusters.port import Cluster, Kept
from solvent.simulation.assumption import LIMITS, Assumptions, Range
from solvent.simulation.drawn import Bin, Swing
from solvent.simulation.outcome import Outcome
from solvent.simulation.year_draw import (
    Columns,
    Customers,
    Drawn,
    Heavy,
    customers_of,
    demand_left,
    draw,
    income_and_cost,
    joined,
    weights,
)
from solvent.values.errors import Invalid
from solvent.values.limits import DRAWS_AT_ONCE, DRAWS_MAX

QUANTILES: Final = (10, 50, 100, 250, 500, 750, 900, 950, 990)
BINS: Final = 20
_DAY_US: Final = 86_400 * 10**6


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


def year(
    outcome: Outcome, assumptions: Assumptions, draws: int = 1000, seed: int = 1, *, heavy: Heavy | None = None,
    before: Outcome | None = None, cluster: Cluster | None = None, tell: Callable[[int], None] = lambda draws: None,
) -> Year:  # fmt: skip
    """heavy: the busiest customers, where they are known. before: what everybody pays today; nobody reacts without.

    cluster: what draws are spread over; none changes what is found. tell: hears how many have just been drawn.

    Raises Invalid for an outcome of less than a day or of nobody, and for draws out of range.
    """
    if not 1 <= draws <= DRAWS_MAX:
        raise Invalid("bad_assumption", f"draws: {draws} is not 1 to {DRAWS_MAX:,}", param="draws")
    if not outcome.lines or outcome.until_us - outcome.from_us < _DAY_US:
        message = "this traffic is less than a day of answers, too short to draw a year from; replay a longer time"
        raise Invalid("bad_scenario", message, param="year")
    of = customers_of(outcome, before, heavy)
    ranges = _ranges(assumptions, of)
    found = _drawn(of, ranges, draws, seed, cluster, tell)
    ranked = np.sort(found.profits)
    quantiles = tuple((permille, int(ranked[permille * (draws - 1) // 1000])) for permille in QUANTILES)
    usual = {name: one.usual for name, one in ranges.items()}
    return Year(
        draws, seed, _profit(of, usual), quantiles, int(1000 * (ranked < 0).mean()), int(np.median(found.losing)),
        _swings(of, ranges, usual), int(np.median(found.losses)), _bins(ranked),
    )  # fmt: skip


class _Some(msgspec.Struct, frozen=True):
    """Draws to be drawn by one pair of hands."""

    of: Kept[tuple[Customers, Mapping[str, Range]]]
    seed: int
    first: int
    last: int


def _drawn(
    of: Customers, ranges: Mapping[str, Range], draws: int, seed: int, cluster: Cluster | None,
    tell: Callable[[int], None],
) -> Drawn:  # fmt: skip
    edges = [*range(0, draws, DRAWS_AT_ONCE), draws]
    if cluster is None:
        return joined([draw(of, ranges, seed, first, last) for first, last in pairwise(edges)])
    kept = cluster.keep((of, ranges))
    some = [_Some(kept, seed, first, last) for first, last in pairwise(edges)]
    return joined(cluster.run(_draw_some, some, lambda place: tell(some[place].last - some[place].first)))


def _draw_some(some: _Some) -> Drawn:
    of, ranges = some.of.take()
    return draw(of, ranges, some.seed, some.first, some.last)


def _bins(profits: Columns) -> tuple[Bin, ...]:
    low, high = float(profits.min()), float(profits.max())
    if low == high:
        return (Bin(int(low), int(high), len(profits)),)
    edges = np.linspace(low, high, BINS + 1)
    counts, _ = np.histogram(profits, edges)
    return tuple(
        Bin(int(low), int(high), int(count)) for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )  # fmt: skip


def as_fitted(assumptions: Assumptions, heavy: Heavy | None) -> Assumptions:
    """With the tail as it is fitted to the busiest customers, unless it was said; none where they are too few.

    Raises Invalid where it was said and nobody is known to be in it.
    """
    if heavy is None:
        if assumptions.tail is not None:
            message = "tail: these are too few customers to tell the busiest from others; leave it out"
            raise Invalid("bad_assumption", message, param="assume")
        return assumptions
    if assumptions.tail is not None:
        return assumptions
    least, most = LIMITS["tail"]
    low, usual, high = (min(most, max(least, end)) for end in (heavy.index.low, heavy.index.value, heavy.index.high))
    return msgspec.structs.replace(assumptions, tail=Range(low, usual, high))


def _ranges(assumptions: Assumptions, of: Customers) -> dict[str, Range]:
    """Those that something hangs on: no bill differs where today's is not known."""
    found: dict[str, Range | None] = msgspec.structs.asdict(assumptions)
    if of.dearer is None:
        found["elasticity"] = None
    if of.heavy is None:
        found["tail"] = None
    return {name: one for name, one in found.items() if one is not None}


def _profit(of: Customers, at: Mapping[str, float]) -> int:
    held, worth = weights(at)
    income, cost = income_and_cost(of, at.get("tail"))
    there = demand_left(of, at.get("elasticity", 0.0))
    return int(held * (there * income).sum() - worth * (there * cost).sum())


def _swings(of: Customers, ranges: Mapping[str, Range], usual: Mapping[str, float]) -> tuple[Swing, ...]:
    swings = []
    for name, one in ranges.items():
        low, high = (_profit(of, {**usual, name: end}) for end in (one.low, one.high))
        swings.append(Swing(name, low, high))
    return tuple(sorted(swings, key=lambda swing: -abs(swing.high_grains - swing.low_grains)))
