"""How the hours of a week share what customers ask, and in what bursts, whatever each customer's own rate is.

Given somebody's sum, hours' counts are Dirichlet-multinomial (see `generated`); hours and weekdays multiply, and weigh
n answers as (1 + A) / (n + A) of each, as overdispersion leaves of them. Sources: Mosimann, Biometrika 49 (1962), the
variance n (n + A) / (1 + A); Deming and Stephan (1940), fitting in turns.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec
import numpy as np

from solvent.simulation.generated import Real
from solvent.simulation.likelihood import Interval, around, exponential, log_gamma, most_likely
from solvent.simulation.observed import Observed
from solvent.simulation.traffic import HOURS, WEEKDAYS

HOURLY_FROM_H: Final = 48  # with less, every hour of the day was seen once
WEEKLY_FROM_H: Final = 14 * HOURS
_BURST_LEAST: Final = 1e-3
_BURST_MOST: Final = 1e3
_TURNS: Final = 20


class Rhythm(msgspec.Struct, frozen=True):
    """Weights with a mean of 1, and the variance of a usual hour's activity against its mean."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    burst: Interval

    @property
    def weights(self) -> Real:
        """By hour of the week."""
        return np.outer(self.weekdays, self.hours).ravel()


def rhythm_of(seen: Observed, level: float) -> Rhythm:
    """Weights and bursts in turns: each is fitted with the other as it was."""
    whole = float(seen.hours.sum())
    burst = 1.0
    for _ in range(3):
        rest = whole / max(burst, _BURST_LEAST)
        worth = (1 + rest) / (seen.seen + rest)
        hours, weekdays = _weights(worth @ seen.by_class, seen.hours.astype(float))
        found = _burst(seen, np.outer(weekdays, hours).ravel(), level)
        burst = found.value
    return Rhythm(tuple(hours.tolist()), tuple(weekdays.tolist()), found)


def _weights(counts: Real, exposed: Real) -> tuple[Real, Real]:
    counts, exposed = counts.reshape(WEEKDAYS, HOURS), exposed.reshape(WEEKDAYS, HOURS)
    hours, weekdays = np.ones(HOURS), np.ones(WEEKDAYS)
    for _ in range(_TURNS):
        if exposed.sum() >= HOURLY_FROM_H:
            hours = _shares(counts.sum(axis=0), weekdays @ exposed)
        if exposed.sum() >= WEEKLY_FROM_H:
            weekdays = _shares(counts.sum(axis=1), exposed @ hours)
    return hours, weekdays


def _shares(counts: Real, exposed: Real) -> Real:
    rates: Real = counts / np.maximum(exposed, 1e-9)
    shares: Real = rates / rates.mean()
    return shares


def _burst(seen: Observed, weights: Real, level: float) -> Interval:
    whole = float(weights @ seen.hours)
    totals, times = np.unique(seen.seen, return_counts=True)
    cells = Counter[tuple[float, int]]()
    for (of_class, count), times_seen in seen.cells.items():
        cells[float(weights[of_class]), count] += times_seen
    share = np.array([weight for weight, _ in cells])
    counts, often = np.array([count for _, count in cells], float), np.array(list(cells.values()), float)

    def minus_log(at: Real) -> float:
        shape = float(np.exp(-at[0]))
        inner = log_gamma(counts + shape * share) - log_gamma(shape * share)
        outer = log_gamma(np.array([shape * whole]))[0] - log_gamma((totals + shape * whole).astype(float))
        return -float(often @ inner + times @ outer)

    starts = np.log([0.1, 1.0, 10.0, 100.0])
    start = min(starts, key=lambda one: minus_log(np.array([one])))
    at, covariance = most_likely(minus_log, np.array([start]))
    deviation = float(np.sqrt(max(0.0, covariance[0, 0])))
    found = exponential(around(float(at[0]), deviation, level))
    if found.value < _BURST_LEAST:
        return Interval(0.0, 0.0, max(found.high, _BURST_LEAST))
    return Interval(*(min(value, _BURST_MOST) for value in (found.value, found.low, found.high)))
