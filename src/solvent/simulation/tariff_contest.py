"""Which shape of tariff leaves most, by what an answer costs, and whether that is more than luck.

Each shape's best is searched on one draw of customers and judged on others, the same for all shapes: so the interval of
a difference holds the difference alone, and nobody wins by having been fitted to its judges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np

from solvent.clusters.port import Cluster, Kept
from solvent.simulation.demand import Floats, Luck, Market, Tariff, luck, people, staying, survival, use
from solvent.simulation.demand_assumption import Demand, Ranges, usual
from solvent.simulation.tariff_search import SHAPES, Shape, Terms, best_tariff, demand_terms, profit_at
from solvent.values.errors import Invalid
from solvent.values.limits import TARIFF_COSTS_MAX, TARIFF_CUSTOMERS_MAX, TARIFF_DRAWN_MAX, TARIFF_SEEDS_MAX
from solvent.values.money import grains_per_unit

SEARCHED_ON: Final = 20_000  # customers of the draw that is searched on, at least
TOO_LITTLE: Final = 0.02  # a simpler shape that leaves so little less is as good
_LOW, _HIGH = 0.05, 0.95
_HEAVY: Final = 0.1
_PERMILLE: Final = 1000


class Spread(msgspec.Struct, frozen=True):
    """The average over draws, and between what nine of ten draws lie."""

    low: int
    usual: int
    high: int


class Found(msgspec.Struct, frozen=True):
    """The best tariff of one shape, by the month; money in grains, of each customer who might buy where not said else.

    fee_grains: tax within. allowance: answers included; None where all are. price_grains: of an answer beyond; None
    where there are none. profit: after tax, processor, answers and fixed cost. more_permille: of profit than flat, in
    thousandths of flat's; None where flat earns nothing. buyers: of those who might buy; of whom leaving go in the
    first month, and paid_months of twelve are paid (in thousandths). losing: of buyers, those who cost more than they
    bring in. heavy: of answers, those of the tenth of buyers who ask most. surplus_grains: what it is worth to buyers
    beyond what they pay. answers: of a buyer; picked_permille: against those of everybody. unused: of what is
    included, the part nobody uses. Shares in thousandths. as_asked_grains: what it would leave if everybody bought it,
    and asked what they would where it costs nothing; beyond_most_grains: the largest bill beyond the fee then.
    """

    shape: Shape
    fee_grains: int
    allowance: int | None
    price_grains: int | None
    profit_grains: Spread
    more_permille: Spread | None
    buyers: Spread
    leaving: int
    paid_months: int
    losing: int
    heavy: int
    surplus_grains: int
    answers: int
    picked_permille: int
    unused: int
    as_asked_grains: int
    beyond_most_grains: int


class Lever(msgspec.Struct, frozen=True):
    """What one assumption is worth to the tariff that is advised: its profit in grains at both ends of the range."""

    assumption: str
    low_grains: int
    high_grains: int


class Regime(msgspec.Struct, frozen=True):
    """What is best where an answer costs so much. best: the shape that leaves most, "" where none leaves anything.
    as_good: those that luck or too little tells from it. advice: the simplest of them all. levers: the largest first.
    """

    cost_grains: int
    found: tuple[Found, ...]
    best: str
    as_good: tuple[Shape, ...]
    advice: str
    levers: tuple[Lever, ...]


class Contest(msgspec.Struct, frozen=True):
    """All that was asked, and what came of it. source: whose usage. customers: of a draw; seeds: how many judged."""

    source: str
    currency: str
    customers: int
    seeds: int
    seed: int
    terms: Terms
    assumptions: Ranges
    regimes: tuple[Regime, ...]


class Contestants(msgspec.Struct, frozen=True):
    """Who might buy: a market's customers, or as many as are said of those that the assumptions describe."""

    source: str
    customers: int
    market: Market | None = None


def contest(
    who: Contestants, costs: Sequence[float], ranges: Ranges, terms: Terms, cluster: Cluster, *,
    shapes: Sequence[Shape] = SHAPES, seeds: int = 20, seed: int = 1,
    tell: Callable[[int], None] = lambda more: None,
) -> Contest:  # fmt: skip
    """costs: of an answer, in units. cluster: what it is spread over; none changes what is found. tell: hears of each
    shape that is judged. Raises Invalid for what has no sense."""
    _demand_sense(who, costs, terms, seeds, seed)
    in_order = tuple(shape for shape in SHAPES if shape in shapes)
    run = _Run(who, ranges, terms, seeds, seed)
    kept = cluster.keep(run)
    entered = [_Entry(kept, cost, shape) for cost in costs for shape in in_order]
    judged = cluster.run(_judge, entered, lambda _: tell(1))
    at_cost = [judged[n : n + len(in_order)] for n in range(0, len(judged), len(in_order))]
    regimes = [run.regime(cost, one) for cost, one in zip(costs, at_cost, strict=True)]
    pulled = [
        _Pull(kept, cost, tariff, name)
        for cost, (_, tariff) in zip(costs, regimes, strict=True) if tariff is not None
        for name in ranges
    ]  # fmt: skip
    levers = iter(cluster.run(_lever, pulled, lambda _: None))
    return Contest(
        who.source, terms.currency, who.customers, seeds, seed, terms, ranges,
        tuple(
            msgspec.structs.replace(regime, levers=_ranked(islice(levers, 0 if tariff is None else len(ranges))))
            for regime, tariff in regimes
        ),
    )  # fmt: skip


def _demand_sense(who: Contestants, costs: Sequence[float], terms: Terms, seeds: int, seed: int) -> None:
    demand_terms(terms)
    if not costs or len(costs) > TARIFF_COSTS_MAX or not all(0 <= cost < math.inf for cost in costs):
        words = f"costs: say 1 to {TARIFF_COSTS_MAX} of them, none below zero"
        raise Invalid("bad_assumption", words, param="cost")
    if not 1 <= seeds <= TARIFF_SEEDS_MAX or not 0 <= seed < 2**32:
        words = f"seeds: {seeds} is not 1 to {TARIFF_SEEDS_MAX}, or seed {seed} not 0 to {2**32 - 1}"
        raise Invalid("bad_assumption", words, param="seeds")
    if not 1 <= who.customers <= TARIFF_CUSTOMERS_MAX:
        words = f"customers: {who.customers} is not 1 to {TARIFF_CUSTOMERS_MAX:,}"
        raise Invalid("bad_assumption", words, param="customers")
    if who.customers * seeds > TARIFF_DRAWN_MAX:
        words = f"{seeds} draws of {who.customers:,} customers are more than {TARIFF_DRAWN_MAX:,}; draw fewer"
        raise Invalid("bad_assumption", words, param="seeds")


class _Judged(msgspec.Struct, frozen=True):
    """The best tariff of a shape at a cost; without a word of flat. profits: in each draw."""

    tariff: Tariff
    found: Found
    profits: Floats


class _Entry(msgspec.Struct, frozen=True):
    """A shape to be judged at a cost."""

    of: Kept[_Run]
    cost: float
    shape: Shape


class _Pull(msgspec.Struct, frozen=True):
    """An assumption to be moved to both ends of its range, under a tariff."""

    of: Kept[_Run]
    cost: float
    tariff: Tariff
    assumption: str


class _Run:
    """A contest's draws, which are the same for every tariff, cost and assumption."""

    def __init__(self, who: Contestants, ranges: Ranges, terms: Terms, seeds: int, seed: int) -> None:
        self._made_of = who, ranges, terms, seeds, seed
        self._market, self._terms, self._ranges = who.market, terms, ranges
        self._judges = [luck(seed * 1009 + n + 1, who.customers, who.market) for n in range(seeds)]
        self._demand = usual(ranges)
        searched = luck(seed * 1009, max(SEARCHED_ON, who.customers), who.market)
        self._searched = people(searched, self._demand, who.market)
        self._grains = grains_per_unit(terms.currency)

    def __reduce__(self) -> tuple[Any, ...]:
        """Draws are told by their seeds: they do not travel, and are drawn anew wherever they are needed."""
        return _Run, self._made_of

    def judge(self, cost: float, shape: Shape) -> _Judged | None:
        """None where no tariff of this shape leaves anything."""
        best = best_tariff(shape, self._searched, cost, self._demand.metering, self._terms)
        if best.profit <= 0:
            return None
        profits = self._profits(best.tariff, cost, self._demand)
        return _Judged(best.tariff, self._judged(shape, best.tariff, profits, cost), profits)

    def regime(self, cost: float, judged: Sequence[_Judged | None]) -> tuple[Regime, Tariff | None]:
        """Without its levers; and the tariff that is advised. judged: in the order of SHAPES."""
        there = [one for one in judged if one is not None]
        found = tuple(_against(one, there[0]) for one in there)
        leading = [one for one in there if one.profits.mean() > 0]
        if not leading:
            return Regime(self._whole(cost), found, "", (), "", ()), None
        best = max(leading, key=lambda one: float(one.profits.mean()))
        as_good = [one for one in leading if one is best or _is_as_good(one.profits, best.profits)]
        names = tuple(one.found.shape for one in as_good)
        advised = as_good[0]  # from simple to less so
        return Regime(self._whole(cost), found, best.found.shape, names, advised.found.shape, ()), advised.tariff

    def lever(self, cost: float, tariff: Tariff, assumption: str) -> Lever:
        """What an assumption is worth; nothing where a month's profit does not hang on it."""
        of = self._ranges[assumption]
        ends = (usual(self._ranges, {assumption: end}) for end in (of.low, of.high))
        return Lever(assumption, *(self._whole(float(self._profits(tariff, cost, end).mean())) for end in ends))

    def _profits(self, tariff: Tariff, cost: float, demand: Demand) -> Floats:
        """What it leaves of a customer who might buy, in each draw."""
        terms = msgspec.structs.replace(self._terms, margin_least=-math.inf)  # it is kept where it was searched
        profits = []
        for drawn in self._judges:
            found = use(people(drawn, demand, self._market), tariff.allowance, tariff.price, demand.metering)
            profits.append(profit_at(found, tariff.fee, tariff.price, cost, terms))
        return np.array(profits)

    def _judged(self, shape: Shape, tariff: Tariff, profits: Floats, cost: float) -> Found:
        rows = np.array([list(self._figures(drawn, tariff, cost)) for drawn in self._judges])
        buyers, *rest = rows.T
        leaving, paid_months, losing, heavy, surplus, answers, picked, unused = (float(one.mean()) for one in rest)
        as_asked, beyond_most = self._as_asked(tariff, cost)
        return Found(
            shape, self._whole(tariff.fee), None if math.isinf(tariff.allowance) else round(tariff.allowance),
            None if math.isinf(tariff.price) else self._whole(tariff.price), _spread(profits, self._grains), None,
            _spread(buyers, _PERMILLE), round(leaving * _PERMILLE), round(paid_months * _PERMILLE),
            round(losing * _PERMILLE), round(heavy * _PERMILLE), self._whole(surplus), round(answers),
            round(picked * _PERMILLE), round(unused * _PERMILLE), self._whole(as_asked), self._whole(beyond_most),
        )  # fmt: skip

    def _figures(self, drawn: Luck, tariff: Tariff, cost: float) -> Iterator[float]:
        """Of one draw, in the order of Found."""
        of, terms = people(drawn, self._demand, self._market), self._terms
        found = use(of, tariff.allowance, tariff.price, self._demand.metering)
        buys = found.gain >= tariff.fee
        yield float(buys.mean())
        if not buys.any():
            yield from (0.0,) * 8
            return
        there = staying(of, tariff, self._demand, drawn, buys) * survival(self._demand)
        yield 1 - float(there[1])
        yield float(there[:-1].sum())
        used, beyond = found.used[buys], found.beyond[buys]
        paid = tariff.fee + (beyond * tariff.price if not math.isinf(tariff.price) else 0.0)
        yield float((terms.net * paid < cost * used + terms.fixed).mean())
        ranked = np.sort(used)[::-1]
        yield float(ranked[: max(1, round(_HEAVY * len(ranked)))].sum() / ranked.sum())
        yield float((found.gain[buys] - tariff.fee).sum()) / len(buys)
        yield float(used.mean())
        yield float(of.sated[buys].mean() / of.sated.mean())
        is_counted = not math.isinf(tariff.allowance) and tariff.allowance > 0
        yield float(np.maximum(0, tariff.allowance - used).mean() / tariff.allowance) if is_counted else 0.0

    def _as_asked(self, tariff: Tariff, cost: float) -> tuple[float, float]:
        """Nobody reacts: what is left of each customer, and the largest bill beyond the fee."""
        market = self._market
        asked = people(self._judges[0], self._demand).sated if market is None else market.sated
        is_capped = math.isinf(tariff.price)
        used = np.minimum(asked, tariff.allowance) if is_capped else asked
        bill = np.zeros(len(asked)) if is_capped else tariff.price * np.maximum(0, asked - tariff.allowance)
        left = self._terms.net * (tariff.fee + bill) - cost * used - self._terms.fixed
        return float(left.mean()), float(bill.max())

    def _whole(self, units: float) -> int:
        return round(units * self._grains)


def _judge(entry: _Entry) -> _Judged | None:
    return entry.of.take().judge(entry.cost, entry.shape)


def _lever(pull: _Pull) -> Lever:
    return pull.of.take().lever(pull.cost, pull.tariff, pull.assumption)


def _ranked(levers: Iterable[Lever]) -> tuple[Lever, ...]:
    """Only assumptions that a month's profit hangs on, the largest first; in a market usage is its own."""
    moving = (one for one in levers if one.low_grains != one.high_grains)
    return tuple(sorted(moving, key=lambda one: -abs(one.high_grains - one.low_grains)))


def _against(one: _Judged, first: _Judged) -> Found:
    """With how much more it leaves than flat, where flat is the first there is and earns something."""
    if first.found.shape != "flat" or np.quantile(first.profits, _LOW) <= 0:
        return one.found
    more = _spread((one.profits - first.profits) / first.profits.mean(), _PERMILLE)
    return msgspec.structs.replace(one.found, more_permille=more)


def _spread(values: Floats, times: int) -> Spread:
    low, high = np.quantile(values, (_LOW, _HIGH))
    return Spread(*(round(float(value) * times) for value in (low, values.mean(), high)))


def _is_as_good(profits: Floats, most: Floats) -> bool:
    """Whether a shape leaves as much as the best in more than one of twenty draws, or hardly less on average."""
    less = most - profits
    return float(np.quantile(less, _LOW)) <= 0 or float(less.mean()) < TOO_LITTLE * float(most.mean())
