"""One measured point corrects the formula: the likeliest factor for each kind of term that makes the point come out.

A single factor for the whole step would stretch what is certain, reading weights, as much as what is not, overhead.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from solvent.capacity.step import Terms

# How far off each term may be, against each other: logarithms of factors, as priors. Physics is surer than software.
_SPREAD: Final = Terms(weights_s=0.5, launching_s=1.0, sequences_s=0.5, serving_s=1.0)
_ROUNDS: Final = 60
_STEP_MAX: Final = 2.0  # of a logarithm in one round
FACTOR_MAX: Final = 1e3  # a point further off is of another model or machine


class Factors(msgspec.Struct, frozen=True):
    """What to multiply each kind of term by."""

    weights: float = 1.0
    launching: float = 1.0
    sequences: float = 1.0
    serving: float = 1.0


def calibrate(predicted: Terms, measured_s: float) -> Factors:
    """The likeliest factors for which the step takes measured_s.

    They are log-normal around 1 with the spreads above: found by linearising around the last guess until it stands
    still (an iterated Kalman update with a measurement taken as exact).
    """
    assert measured_s > 0, "a step takes time"
    assert predicted.total_s > 0, "a step takes time"
    spread = [s * s for s in _as_list(_SPREAD)]
    base = _as_list(predicted)
    logs = [math.log(measured_s / predicted.total_s)] * len(base)
    for _ in range(_ROUNDS):
        slopes = [b * math.exp(x) for b, x in zip(base, logs, strict=True)]
        missing = measured_s - sum(slopes) + sum(s * x for s, x in zip(slopes, logs, strict=True))
        weight = sum(v * s * s for v, s in zip(spread, slopes, strict=True))
        aimed = [v * s * missing / weight for v, s in zip(spread, slopes, strict=True)]
        logs = [x + max(-_STEP_MAX, min(_STEP_MAX, (a - x) / 2)) for x, a in zip(logs, aimed, strict=True)]
    rest = measured_s / sum(b * math.exp(x) for b, x in zip(base, logs, strict=True))
    return Factors(*(math.exp(x) * rest for x in logs))


def corrected(predicted: Terms, by: Factors) -> Terms:
    """The terms of another load, by the factors of the point that was measured."""
    return Terms(
        weights_s=predicted.weights_s * by.weights,
        launching_s=predicted.launching_s * by.launching,
        sequences_s=predicted.sequences_s * by.sequences,
        serving_s=predicted.serving_s * by.serving,
    )


def _as_list(terms: Terms) -> list[float]:
    return [terms.weights_s, terms.launching_s, terms.sequences_s, terms.serving_s]
