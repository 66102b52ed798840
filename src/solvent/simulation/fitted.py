"""Generated traffic fitted to traffic that there is: each number the likeliest, with its interval and what to doubt.

Activity, rhythm and lengths share no number but the burst, so their likelihoods are maximised one after the other.
Customers differ in what they ask, so the intervals of lengths count customers and not answers.
Source: Liang, Zeger, Biometrika 73 (1986), deviations that are robust to likeness within clusters.
"""

from __future__ import annotations

import math
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from solvent.simulation.activity import RELIABLE_TAIL, Activity, activity_of
from solvent.simulation.likelihood import Interval, around, exponential
from solvent.simulation.observed import Lengths, Observed, observed
from solvent.simulation.rhythm import HOURLY_FROM_H, WEEKLY_FROM_H, rhythm_of
from solvent.simulation.trace import Trace
from solvent.simulation.traffic import HOURS, LIMITS, Traffic
from solvent.values.errors import Invalid
from solvent.values.limits import FIT_CUSTOMERS_ENOUGH, FIT_CUSTOMERS_LEAST

LEVEL: Final = 0.95
WIDE_LEVEL: Final = 0.99  # with fewer customers than a tail is seen in (shared/facts/ECONOMICS.md, 2.2)


class Fit(msgspec.Struct, frozen=True):
    """traffic: to be generated from. intervals: by the names of its numbers, each at `level`. tail: whether or not it
    is taken. doubts: in words."""

    source: str
    customers: int
    answers: int
    days: float
    level: float
    traffic: Traffic
    intervals: dict[str, Interval]
    activity: Activity
    doubts: tuple[str, ...]


def fit(trace: Trace, in_zone: ZoneInfo, seed: int = 1) -> Fit:
    """The likeliest traffic. Raises Invalid for too few customers or too short a time."""
    seen = observed(trace, in_zone)
    customers, hours = len(seen.asked), int(seen.hours.sum())
    if customers < FIT_CUSTOMERS_LEAST:
        message = f"{trace.source}: a fit takes {FIT_CUSTOMERS_LEAST} customers, and here are {customers}"
        raise Invalid("bad_trace", f"{message}; name who asked with --column customer=NAME, or take more", param="fit")
    if hours < HOURS:
        raise Invalid("bad_trace", f"{trace.source}: a fit takes a day, and this is {hours} hours", param="fit")
    level = LEVEL if customers >= FIT_CUSTOMERS_ENOUGH else WIDE_LEVEL
    rhythm = rhythm_of(seen, level)
    usual = float(rhythm.weights @ seen.hours)
    activity = activity_of(seen.asked, usual, rhythm.burst.value, level, seed)
    intervals = {"median": activity.median, "sigma": activity.sigma, "burst": rhythm.burst}
    for kind, lengths in (("input", seen.input), ("output", seen.output)):
        intervals[f"{kind}_median"], intervals[f"{kind}_sigma"] = _lengths(lengths, seen, level)
    everybody = customers + activity.unseen
    tail = activity.tail if activity.is_pareto else None
    if activity.tail is not None:
        intervals["tail"] = activity.tail.index
    found = Traffic(
        **{name: _within(name, interval.value) for name, interval in intervals.items() if name != "tail"},
        customers=int(_within("customers", round(everybody))),
        days=int(_within("days", max(1, round(hours / HOURS)))),
        tail=_within("tail", tail.index.value) if tail else 0.0,
        tail_share=_within("tail_share", tail.customers / everybody) if tail else Traffic().tail_share,
        cached=seen.cached,
        hours=rhythm.hours,
        weekdays=rhythm.weekdays,
        models={name: float(count) for name, count in seen.models.items()},
    )
    doubts = _doubts(seen, activity, hours)
    answers = int(seen.asked.sum())
    return Fit(trace.source, customers, answers, hours / HOURS, level, found, intervals, activity, doubts)


def _within(name: str, value: float) -> float:
    least, most = LIMITS[name]
    return min(most, max(least, value))


def _lengths(lengths: Lengths, seen: Observed, level: float) -> tuple[Interval, Interval]:
    """The median and the sigma of lognormal lengths."""
    counts, customers = seen.asked.astype(float), len(seen.asked)
    answers = counts.sum()
    mean = lengths.sums.sum() / answers
    variance = max(1e-12, lengths.squares.sum() / answers - mean * mean)
    few = math.sqrt(customers / (customers - 1))
    off = lengths.sums - counts * mean
    off_squared = lengths.squares - 2 * mean * lengths.sums + counts * (mean * mean - variance)
    of_mean = max(math.sqrt(variance / answers), few * math.sqrt(float(off @ off)) / answers)
    of_variance = max(
        variance * math.sqrt(2 / answers), few * math.sqrt(float(off_squared @ off_squared)) / answers
    )  # fmt: skip
    sigma = math.sqrt(variance)
    log_sigma = around(math.log(sigma), of_variance / (2 * variance), level)
    return exponential(around(mean, of_mean, level)), exponential(log_sigma)


def _doubts(seen: Observed, activity: Activity, hours: int) -> tuple[str, ...]:
    customers, found = len(seen.asked), []
    if customers < FIT_CUSTOMERS_ENOUGH:
        found.append(
            f"{customers:,} customers are too few to see how heavy the tail is: intervals are of {WIDE_LEVEL:.0%} in"
            f" place of {LEVEL:.0%}; from {FIT_CUSTOMERS_ENOUGH:,} on they are narrower"
        )
    if activity.tail is None:
        found.append("there are too few customers to look for a tail")
    elif activity.tail.customers < RELIABLE_TAIL:
        found.append(f"the tail is of {activity.tail.customers} customers; its index is unsure below {RELIABLE_TAIL}")
    if hours < HOURLY_FROM_H:
        found.append("with less than two days the hours of the day are taken to be alike")
    if hours < WEEKLY_FROM_H:
        found.append("with less than two weeks the days of the week are taken to be alike")
    if activity.unseen > customers:
        found.append("most customers never asked in this time, so how many there are is a guess of the fit")
    return tuple(found)
