"""One measured point corrects the formula: the likeliest factor for each kind of term that makes it come out nearly.

A single factor for the whole step would stretch what is certain, reading weights, as much as what is not, overhead.
A part of what is off is chance, of that minute or that batch, and is not carried over to others.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from solvent.capacity.step import Terms

# How far off each term may be, against each other: logarithms of factors, as priors. Physics is surer than software.
_SPREAD: Final = Terms(weights_s=0.5, launching_s=1.0, sequences_s=0.5, serving_s=1.0)
CHANCE: Final = 0.2  # of a logarithm, that a point may scatter around what its terms come to
CHANCE_MAX: Final = 0.1  # of a logarithm: no more than this of what is off is ever put down to chance
_ROUNDS: Final = 60
_STEP_MAX: Final = 2.0  # of a logarithm in one round
FACTOR_MAX: Final = 1e3  # a point further off is of another model or machine


class Factors(msgspec.Struct, frozen=True):
    """What to multiply each kind of term by."""

    weights: float = 1.0
    launching: float = 1.0
    sequences: float = 1.0
    serving: float = 1.0


def calibrate(predicted: Terms, measured_s: float, chance: float = CHANCE) -> Factors:
    """The likeliest factors for a step that was measured as taking measured_s; they bring it within CHANCE_MAX of that.

    Factors are log-normal around 1 with the spreads above, and so is the point around the step they make, by `chance`.
    What other chances come to stands in docs/benchmarks/capacity.md.
    """
    assert measured_s > 0, "a step takes time"
    assert predicted.total_s > 0, "a step takes time"
    off = math.log(measured_s / _total_s(predicted, _likeliest(predicted, measured_s, chance)))
    logs = _likeliest(predicted, measured_s * math.exp(-max(-CHANCE_MAX, min(CHANCE_MAX, off))), 0.0)
    return Factors(*map(math.exp, logs))


def _likeliest(predicted: Terms, measured_s: float, chance: float) -> list[float]:
    """Logarithms of the likeliest factors, by linearising around the last guess until it stands still: an iterated
    Kalman update. chance: how far the measurement itself scatters; for 0 the step comes out exactly."""
    spread = [s * s for s in _as_list(_SPREAD)]
    base = _as_list(predicted)
    logs = [math.log(measured_s / predicted.total_s)] * len(base)
    for _ in range(_ROUNDS):
        slopes = [b * math.exp(x) for b, x in zip(base, logs, strict=True)]
        total_s = sum(slopes)
        shares = [s / total_s for s in slopes]
        missing = math.log(measured_s / total_s) + sum(s * x for s, x in zip(shares, logs, strict=True))
        weight = sum(v * s * s for v, s in zip(spread, shares, strict=True)) + chance * chance
        aimed = [v * s * missing / weight for v, s in zip(spread, shares, strict=True)]
        logs = [x + max(-_STEP_MAX, min(_STEP_MAX, (a - x) / 2)) for x, a in zip(logs, aimed, strict=True)]
    if chance:
        return logs
    rest = math.log(measured_s / _total_s(predicted, logs))
    return [x + rest for x in logs]


def _total_s(predicted: Terms, logs: list[float]) -> float:
    return sum(b * math.exp(x) for b, x in zip(_as_list(predicted), logs, strict=True))


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
