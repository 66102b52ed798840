"""Traffic that nobody asked yet: how many customers, how unequal, when, in what bursts and of what length.

A customer asks so many times a month: lognormal, with a Pareto tail where there is one. The hours of a week share that
out, in bursts: an hour's activity is Gamma around its share, so some hours have many and most have none. Each number
has a source or says that it is assumed; `fitted` finds them in traffic that there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Final

import msgspec

from solvent.simulation.arrival import ACTIVITY_SIGMA
from solvent.values.errors import Invalid
from solvent.values.limits import GENERATED_CUSTOMERS_MAX, GENERATED_DAYS_MAX

HOURS: Final = 24
WEEKDAYS: Final = 7
HOURS_PER_MONTH: Final = 730.5
ANSWERS_PER_MONTH_MAX: Final = 10_000_000.0  # of one customer, however heavy the tail: four a second
# Hours of the day from 0, bursts: fitted by `solvent simulate fit` to ServeGen's model m-large, ten days of 135
# clients, a million answers; its hours are taken to be local ones (shared/data/servegen; Alibaba Cloud Model Studio,
# arXiv 2505.09999). Days of the week: assumed to be alike.
_USUAL_HOURS: Final = (
    0.73, 0.86, 0.57, 0.50, 0.39, 0.39, 0.41, 0.67, 0.61, 0.90, 1.40, 0.96,
    1.09, 1.30, 1.49, 1.65, 1.48, 1.61, 1.42, 1.02, 0.98, 0.97, 1.47, 1.13,
)  # fmt: skip


class Traffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """median: answers a month of the middle customer. sigma: of the logarithm of that, over customers.

    tail: index of the Pareto distribution of the busiest `tail_share` of customers; 0 where they are lognormal too.
    burst: the variance of an hour's activity against its mean, of a usual hour; 0 for none. *_median, *_sigma: of the
    tokens of an answer, lognormal. cached: of those read, so much from a cache. hours, weekdays: weights of the hours
    of the day and of the days from Monday, local. models: which answer how many, by weight; none where one answers all.
    """

    customers: int = 1000
    days: int = 30
    # 111 messages a month and person (18 billion a week of 700 million; NBER w34255, 2025) over ServeGen's inequality:
    # its busiest tenth makes 72 %, Phi(sigma - 1.2816) = 0.72 (see `arrival`), and 111 = median * exp(sigma^2 / 2).
    median: float = 19.7
    sigma: float = ACTIVITY_SIGMA
    tail: float = 0.0
    tail_share: float = 0.05
    burst: float = 9.3
    # Azure's conversations of 2023, as lognormals (AzureLLMInferenceTrace_conv, shared/data/azure_llm_2023).
    input_median: float = 823.0
    input_sigma: float = 0.97
    output_median: float = 154.0
    output_sigma: float = 0.91
    cached: float = 0.0
    hours: tuple[float, ...] = _USUAL_HOURS
    weekdays: tuple[float, ...] = (1.0,) * WEEKDAYS
    models: dict[str, float] = {}


LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "customers": (1, GENERATED_CUSTOMERS_MAX), "days": (1, GENERATED_DAYS_MAX), "median": (1e-6, 1e6),
    "sigma": (0, 5), "tail": (0, 20), "tail_share": (1e-6, 0.5), "burst": (0, 1000), "input_median": (1, 1e6),
    "input_sigma": (0, 4), "output_median": (1, 1e6), "output_sigma": (0, 4), "cached": (0, 1),
}  # fmt: skip
_WHOLE: Final = ("customers", "days")
MEAN: Final = "answers"  # said in place of the median: the mean customer's answers a month


def traffic_said(text: str, known: Traffic) -> Traffic:
    """What is `known` with what was said, like customers=1000,days=30. Raises Invalid with the range."""
    changed: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, is_there, value = part.partition("=")
        if not is_there or name not in (*LIMITS, MEAN):
            words = f"--generate {part[:60]!r}: write it like customers=1000; there are {', '.join((*LIMITS, MEAN))}"
            raise Invalid("bad_traffic", words, param="generate")
        changed[name] = _number(name, value)
    mean = changed.pop(MEAN, None)
    if mean is not None and "median" in changed:
        raise Invalid("bad_traffic", f"write {MEAN} or median, not both: one follows from the other", param="generate")
    made = msgspec.structs.replace(known, **{n: int(v) if n in _WHOLE else v for n, v in changed.items()})
    if mean is not None:
        made = msgspec.structs.replace(made, median=made.median * mean / mean_of(made))
    return demand_possible(made)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    least, most = LIMITS.get(name, (1e-6, 1e6))
    if not least <= number <= most or (name in _WHOLE and number != int(number)):
        raise Invalid("bad_traffic", f"{name}: {text[:40]!r} is not {least:g} to {most:,g}", param=name)
    return number


def demand_possible(traffic: Traffic) -> Traffic:
    """The same. Raises Invalid for a number out of its range, as a file of them may have."""
    for name in LIMITS:
        _number(name, str(getattr(traffic, name)))
    for name, count in (("hours", HOURS), ("weekdays", WEEKDAYS)):
        weights = getattr(traffic, name)
        if len(weights) != count or not _possible(weights):
            raise Invalid("bad_traffic", f"{name}: there are {count} weights, none below 0 and one above", param=name)
    if traffic.models and not _possible(list(traffic.models.values())):
        raise Invalid("bad_traffic", "models: weights are not below 0, and one is above", param="models")
    return traffic


def _possible(weights: Sequence[float]) -> bool:
    return all(0 <= one < 1e12 for one in weights) and any(weights)


def mean_of(traffic: Traffic) -> float:
    """The mean customer's answers a month. Raises Invalid where the tail has no mean.

    A lognormal's mean below a bound is exp(sigma^2/2) Phi(z - sigma) medians; a Pareto's is its start times a/(a - 1).
    """
    normal = NormalDist()
    if not traffic.tail:
        return traffic.median * math.exp(traffic.sigma**2 / 2)
    if traffic.tail <= 1:
        message = f"tail: an index of {traffic.tail:g} has no mean (it takes more than 1); write median in place of it"
        raise Invalid("bad_traffic", message, param="tail")
    turn = normal.inv_cdf(1 - traffic.tail_share)
    body = math.exp(traffic.sigma**2 / 2) * normal.cdf(turn - traffic.sigma)
    tail = traffic.tail_share * math.exp(traffic.sigma * turn) * traffic.tail / (traffic.tail - 1)
    return traffic.median * (body + tail)
