"""Maximum likelihood in one and two numbers, and the functions that numpy lacks for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, Final

import msgspec
import numpy as np

from solvent.simulation.generated import Real

_STEP: Final = 1e-3
_ROUNDS: Final = 100


class Interval(msgspec.Struct, frozen=True):
    """The most likely value, and what lies within its confidence."""

    value: float
    low: float
    high: float


def around(value: float, deviation: float, level: float) -> Interval:
    """A normal interval."""
    reach = NormalDist().inv_cdf(0.5 + level / 2) * deviation
    return Interval(value, value - reach, value + reach)


def exponential(interval: Interval) -> Interval:
    """Of a logarithm, what it is of."""
    return Interval(*(math.exp(min(700.0, value)) for value in (interval.value, interval.low, interval.high)))


def log_gamma(values: Real) -> Real:
    """The logarithm of the Gamma function of each."""
    return np.array([math.lgamma(value) for value in values.tolist()])


def most_likely(minus_log: Callable[[Real], float], start: Real) -> tuple[Real, Real]:
    """Where it is least, and the covariance there: the inverse of its second derivatives.

    Newton's method with derivatives by differences, and steps halved until they help.
    """
    at = np.array(start, float)
    here = minus_log(at)
    for _ in range(_ROUNDS):
        slope, bend = _derivatives(minus_log, at, here)
        step = _downhill(slope, bend)
        size = 1.0
        while size > 1e-6 and not minus_log(at + size * step) < here:
            size /= 2
        if size <= 1e-6:
            break
        at = at + size * step
        before, here = here, minus_log(at)
        if before - here < 1e-9 * (1 + abs(here)):
            break
    _, bend = _derivatives(minus_log, at, here)
    covariance: Any = np.linalg.pinv(bend, hermitian=True)
    return at, covariance


def _downhill(slope: Real, bend: Real) -> Real:
    values, vectors = np.linalg.eigh(bend)
    step: Real = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-6))
    length = float(np.linalg.norm(step))
    return step / length if length > 1 else step


def _derivatives(minus_log: Callable[[Real], float], at: Real, here: float) -> tuple[Real, Real]:
    count = len(at)
    unit = np.eye(count) * _STEP
    ahead = [minus_log(at + unit[n]) for n in range(count)]
    behind = [minus_log(at - unit[n]) for n in range(count)]
    slope = np.array([(ahead[n] - behind[n]) / (2 * _STEP) for n in range(count)])
    bend: Any = np.empty((count, count))
    for n in range(count):
        bend[n, n] = (ahead[n] - 2 * here + behind[n]) / _STEP**2
        for m in range(n):
            corners = [minus_log(at + a * unit[n] + b * unit[m]) for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            bend[n, m] = bend[m, n] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * _STEP**2)
    return slope, bend
