"""How unequal customers are: lognormal activity, and a Pareto tail where it is significantly likelier for the busiest.

Counts are Poisson around Gamma around each customer's rate, and whoever never asked is not seen. The tail starts where
the distance of Kolmogorov and Smirnov is least. Sources: Clauset, Shalizi, Newman, Power-law distributions in empirical
data, SIAM Review 51 (2009), 3.1-3.3, 5; Hill (1975); Vuong, Econometrica 57 (1989).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Final

import msgspec
import numpy as np

from solvent.simulation.generated import Real
from solvent.simulation.likelihood import Interval, around, exponential, log_gamma, most_likely
from solvent.simulation.trace import Whole
from solvent.simulation.traffic import HOURS_PER_MONTH

TAIL_LEAST: Final = 10  # customers in a tail
TAIL_MOST: Final = 2_000
TAIL_SHARE_MOST: Final = 4  # at most a quarter of customers is a tail
RELIABLE_TAIL: Final = 50  # Clauset et al., section 3.1: from about so many on its error is small
RESAMPLED: Final = 200
_RESAMPLED_AT_ONCE: Final = 1 << 21  # customers of all rows in memory
SIGNIFICANT: Final = NormalDist().inv_cdf(0.95)
_EXACT_FROM: Final = 400  # answers: from there on a count is as good as its mean
_GRID_STEP: Final = 0.02
_GRID_LOW: Final = -10.0
_NORMAL: Final = NormalDist()


class Tail(msgspec.Struct, frozen=True):
    """index: of P(X > x) ~ x^-index. customers: in it. start: answers a month. against_lognormal: Vuong's score; above
    1.64 the tail is heavier than the lognormal's, below -1.64 the lognormal fits better."""

    index: Interval
    customers: int
    start: float
    against_lognormal: float


class Activity(msgspec.Struct, frozen=True):
    """median, sigma: of all customers but those in the tail, where there is one. unseen: who never asked, estimated.

    is_pareto: whether the tail's customers are told by it, and not by the lognormal.
    """

    median: Interval
    sigma: Interval
    unseen: float
    tail: Tail | None
    is_pareto: bool


def activity_of(asked: Whole, hours: float, burst: float, level: float, seed: int) -> Activity:
    """asked: answers by customer, above 0. hours: usual ones, in all. burst: as `rhythm_of` found it."""
    likely = _Lognormal(asked, hours, burst)
    tail = _tail(asked, likely, hours, level, seed)
    is_pareto = tail is not None and tail.against_lognormal > SIGNIFICANT
    if is_pareto:
        assert tail is not None
        likely = _Lognormal(asked, hours, burst, cut=tail.start * hours / HOURS_PER_MONTH)
    deviations = np.sqrt(np.maximum(0.0, np.diag(likely.covariance)))
    month = math.log(HOURS_PER_MONTH / hours)
    return Activity(
        median=exponential(around(likely.center + month, float(deviations[0]), level)),
        sigma=exponential(around(math.log(likely.sigma), float(deviations[1]), level)),
        unseen=len(asked) * likely.none / (1 - likely.none),
        tail=tail,
        is_pareto=is_pareto,
    )


class _Lognormal:
    """The likeliest lognormal of counts of one time. cut: counts from there on say no more than that they are."""

    def __init__(self, asked: Whole, hours: float, burst: float, cut: float = math.inf) -> None:
        self._shape = hours / burst if burst else math.inf
        below = asked[asked < cut]
        self._above, self._cut = len(asked) - len(below), cut
        counts, self._often = np.unique(below[below < _EXACT_FROM], return_counts=True)
        many = below[below >= _EXACT_FROM].astype(float)
        # A logarithm of Gamma around 1 has a mean of -1/2A and a variance of 1/A: Abramowitz and Stegun 6.3.18, 6.4.12.
        self._many = np.log(many) + 0.5 / self._shape
        self._many_variance = 1 / many + 1 / self._shape
        self._grid = np.arange(_GRID_LOW, math.log(_EXACT_FROM * 8), _GRID_STEP)
        self._kernel = np.exp(self._log_counts(np.append(0, counts).astype(float)))
        start = np.array([np.log(asked).mean(), math.log(max(0.3, np.log(asked).std()))])
        at, self.covariance = most_likely(self._minus_log, start)
        self.center, self.sigma = float(at[0]), math.exp(float(at[1]))
        self.none = self._chances(self.center, self.sigma)[1]

    def _log_counts(self, counts: Real) -> Real:
        """The chance of each count at each point of the grid of log means: Poisson, or negative binomial."""
        mean, factorial = np.exp(self._grid), log_gamma(counts + 1)
        if math.isinf(self._shape):
            found: Real = counts[:, None] * self._grid - mean - factorial[:, None]
            return found
        shape = self._shape
        fixed = log_gamma(counts + shape) - math.lgamma(shape) - factorial
        odds = np.log(shape + mean)
        rest: Real = fixed[:, None] + shape * (math.log(shape) - odds) + counts[:, None] * (self._grid - odds)
        return rest

    def _chances(self, center: float, sigma: float) -> tuple[Real, float]:
        """Of each small count, and of none at all."""
        scores = (self._grid - center) / sigma
        density = np.exp(-scores * scores / 2) * (_GRID_STEP / (sigma * math.sqrt(2 * math.pi)))
        found = self._kernel @ density
        none = float(found[0]) + _NORMAL.cdf((_GRID_LOW - center) / sigma)
        return found[1:], min(1 - 1e-12, none)

    def _minus_log(self, at: Real) -> float:
        center, sigma = float(at[0]), math.exp(min(3.0, float(at[1])))
        found, none = self._chances(center, sigma)
        variance = sigma * sigma + self._many_variance
        logs = float(self._often @ np.log(np.maximum(found, 1e-300)))
        logs -= float((((self._many - center) ** 2 / variance + np.log(variance)) / 2).sum())
        if self._above:
            logs += self._above * math.log(max(1e-300, self.above(self._cut, center, sigma)))
        seen = int(self._often.sum()) + len(self._many) + self._above
        return -(logs - seen * math.log1p(-none))

    @staticmethod
    def above(bound: float, center: float, sigma: float) -> float:
        """The share above a bound."""
        return _NORMAL.cdf((center - math.log(bound)) / sigma)


def busiest(asked: Whole, level: float, seed: int) -> tuple[Interval, int] | None:
    """The index of the Pareto tail that is nearest to the busiest customers, and how many they are; None of too few."""
    ranked = np.sort(asked)[::-1].astype(float)
    most = min(TAIL_MOST, len(ranked) // TAIL_SHARE_MOST)
    if most < TAIL_LEAST:
        return None
    indices, counts = _likeliest_tails(ranked[None, : most + 1])
    index, count = float(indices[0]), int(counts[0])
    if not index:
        return None
    chance = np.random.default_rng(seed)
    drawn = np.concatenate([_likeliest_tails(again)[0] for again in _resampled(ranked, most, chance)])
    drawn = drawn[drawn > 0]
    # Of one start alone the index is Gamma with so many customers; resampling adds that the start is not known.
    exact = around(0.0, index / math.sqrt(count), level)
    low, high = np.quantile(drawn, (0.5 - level / 2, 0.5 + level / 2)) if len(drawn) else (index, index)
    interval = Interval(index, min(float(low), max(0.0, index + exact.low)), max(float(high), index + exact.high))
    return interval, count


def _tail(asked: Whole, lognormal: _Lognormal, hours: float, level: float, seed: int) -> Tail | None:
    found = busiest(asked, level, seed)
    if found is None:
        return None
    interval, count = found
    ranked = np.sort(asked)[::-1].astype(float)
    start = float(ranked[count])
    score = _against_lognormal(ranked[:count], start, interval.value, lognormal)
    return Tail(interval, count, start * HOURS_PER_MONTH / hours, score)


def _resampled(ranked: Real, most: int, chance: np.random.Generator) -> Iterator[Real]:
    """The busiest of customers drawn with repetition, and one more, so many times."""
    at_once = max(1, _RESAMPLED_AT_ONCE // len(ranked))
    for first in range(0, RESAMPLED, at_once):
        places = chance.integers(0, len(ranked), (min(at_once, RESAMPLED - first), len(ranked)))
        yield ranked[np.sort(np.partition(places, most, axis=1)[:, : most + 1], axis=1)]


def _likeliest_tails(ranked: Real) -> tuple[Real, Whole]:
    """Of each row the index and the number of customers where a Pareto tail is nearest to what is there; 0 for none.

    ranked: (rows, the busiest first and one more).
    """
    logs = np.log(ranked)
    sums = np.cumsum(logs, axis=1)
    rows, most = len(ranked), ranked.shape[1] - 1
    nearest, found, counts = np.full(rows, np.inf), np.zeros(rows), np.zeros(rows, np.int64)
    least = min(most, max(TAIL_LEAST, min(RELIABLE_TAIL, most // 2)))
    for count in np.unique(np.geomspace(least, most, 30).astype(int)).tolist():
        start = logs[:, count]
        excess = sums[:, count - 1] - count * start
        index = count / np.maximum(excess, 1e-9)
        model = np.exp(-index[:, None] * (logs[:, :count] - start[:, None]))
        off = np.arange(1, count + 1) / count - model
        distance = np.where(excess > 1e-9, np.maximum(off.max(axis=1), 1 / count - off.min(axis=1)), np.inf)
        nearer = distance < nearest
        nearest[nearer], found[nearer], counts[nearer] = distance[nearer], index[nearer], count
    return found, counts


def _against_lognormal(tail: Real, start: float, index: float, lognormal: _Lognormal) -> float:
    """Vuong's score of the Pareto tail against the lognormal's above the same start."""
    center, sigma = lognormal.center, lognormal.sigma
    logs = np.log(tail)
    pareto = math.log(index) - index * (logs - math.log(start))
    beyond = max(1e-300, lognormal.above(start, center, sigma))
    normal = -((logs - center) ** 2) / (2 * sigma * sigma) - math.log(sigma * math.sqrt(2 * math.pi) * beyond)
    ratio = pareto - normal
    spread = float(ratio.std())
    return float(ratio.sum() / (spread * math.sqrt(len(ratio)))) if spread else 0.0
