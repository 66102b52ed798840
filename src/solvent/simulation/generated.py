"""Answers drawn as a `Traffic` says: the same seed draws the same ones whenever they are read, a day in memory at once.

How many each customer asks in all is split over days, then hours, by Beta draws: that is how Gamma hours share a sum
(the Dirichlet-multinomial; Johnson, Kotz, Balakrishnan, Discrete Multivariate Distributions, 1997, chapter 40).
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from solvent.simulation.trace import Block, Trace, Whole
from solvent.simulation.traffic import ANSWERS_PER_MONTH_MAX, HOURS, HOURS_PER_MONTH, Traffic
from solvent.values.errors import Invalid
from solvent.values.instant import utc
from solvent.values.limits import TRACE_BLOCK_ROWS, TRACE_ROWS_MAX, TRACE_TOKENS_MAX
from solvent.values.period import day_number, start_of_day

Real = npt.NDArray[np.float64]
_HOUR_US: Final = 3_600 * 10**6
_ASKING, _SPLITTING, _ANSWERING = range(3)  # streams of luck: what is drawn in one moves no other


def generated(traffic: Traffic, start_us: int, in_zone: ZoneInfo, seed: int, model: str = "") -> Trace:
    """The trace of those who ask. start_us: the start of a day. model: of all answers, where the traffic names none.

    Raises Invalid where nobody asks, or too much.
    """
    starts_us = start_us + _HOUR_US * np.arange(_hours_of(traffic, start_us, in_zone))
    weights = weights_of(traffic, starts_us, in_zone)
    asked = _asked(traffic, weights, seed)
    numbers = np.flatnonzero(asked)
    asked = asked[numbers]
    total = int(asked.sum())
    if not 0 < total <= TRACE_ROWS_MAX:
        message = f"that is {total:,} answers; a trace has 1 to {TRACE_ROWS_MAX:,}"
        raise Invalid("bad_traffic", message, param="generate")
    models = tuple(traffic.models) or (model,)

    def read() -> Iterator[Block]:
        chance = np.random.default_rng([seed, _SPLITTING])
        for hours, counts in _days(traffic, asked, weights, chance):
            much = sum(int(now.sum()) for _, now in counts.values()) > TRACE_BLOCK_ROWS
            for part in [range(hour, hour + 1) for hour in hours] if much else [hours]:
                yield _answers(traffic, counts, starts_us, part, len(models), seed)

    customers = tuple(f"customer-{n}" for n in (numbers + 1).tolist())
    until_us = int(starts_us[-1]) + _HOUR_US
    return Trace(f"generated traffic, seed {seed}", customers, models, total, start_us, until_us, read)


def _hours_of(traffic: Traffic, start_us: int, in_zone: ZoneInfo) -> int:
    """Of its days by the calendar; a day on which clocks turn has 23 or 25."""
    return (start_of_day(day_number(start_us, in_zone) + traffic.days, in_zone) - start_us) // _HOUR_US


def weights_of(traffic: Traffic, starts_us: Whole, in_zone: ZoneInfo) -> Real:
    """What each hour counts against a usual one: the mean over a week is 1."""
    hours = np.array(traffic.hours) / np.mean(traffic.hours)
    weekdays = np.array(traffic.weekdays) / np.mean(traffic.weekdays)
    local = [utc(at_us).astimezone(in_zone) for at_us in starts_us.tolist()]
    return np.array([hours[at.hour] * weekdays[at.weekday()] for at in local])


def rates(traffic: Traffic, chance: np.random.Generator) -> Real:
    """Answers a month of each customer, before luck: lognormal, and above the bound of the tail Pareto."""
    scores = chance.standard_normal(traffic.customers)
    deep = chance.random(traffic.customers)
    found = traffic.median * np.exp(traffic.sigma * scores)
    if traffic.tail:
        turn = NormalDist().inv_cdf(1 - traffic.tail_share)
        start = traffic.median * np.exp(traffic.sigma * turn)
        found = np.where(scores < turn, found, start * (1 - deep) ** (-1 / traffic.tail))
    limited: Real = np.minimum(found, ANSWERS_PER_MONTH_MAX)
    return limited


def _asked(traffic: Traffic, weights: Real, seed: int) -> Whole:
    """How many answers each customer asks for in all: Poisson around Gamma around the rate."""
    chance = np.random.default_rng([seed, _ASKING])
    mean = rates(traffic, chance) * weights.sum() / HOURS_PER_MONTH
    if traffic.burst:
        shape = weights.sum() / traffic.burst
        mean = mean * chance.gamma(shape, 1 / shape, traffic.customers)
    asked: Whole = chance.poisson(mean).astype(np.int64)
    return asked


def _days(
    traffic: Traffic, asked: Whole, weights: Real, chance: np.random.Generator
) -> Iterator[tuple[range, dict[int, tuple[Whole, Whole]]]]:  # fmt: skip
    """Of each day its hours, and by hour who asks and how often."""
    left = asked.copy()
    after = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
    for first in range(0, len(weights), HOURS):
        hours = range(first, min(first + HOURS, len(weights)))
        today = _split(traffic, left, after[first] - after[hours.stop], after[hours.stop], chance)
        left = left - today
        who = np.flatnonzero(today)
        of_day = today[who]
        counts: dict[int, tuple[Whole, Whole]] = {}
        for hour in hours:
            now = _split(traffic, of_day, weights[hour], after[hour + 1] - after[hours.stop], chance)
            of_day = of_day - now
            some = np.flatnonzero(now)
            counts[hour] = (who[some], now[some])
            kept = np.flatnonzero(of_day)
            who, of_day = who[kept], of_day[kept]
        if any(len(who) for who, _ in counts.values()):
            yield hours, counts


def _split(traffic: Traffic, count: Whole, part: float, rest: float, chance: np.random.Generator) -> Whole:
    """How many of each count fall into a part of the time that is left."""
    if part <= 1e-9:
        return np.zeros_like(count)
    if rest <= 1e-9:
        return count
    share: Any = part / (part + rest)
    if traffic.burst:
        share = chance.beta(part / traffic.burst, rest / traffic.burst, len(count))
    return chance.binomial(count, share).astype(np.int64)


def _answers(
    traffic: Traffic, counts: dict[int, tuple[Whole, Whole]], starts_us: Whole, hours: range, models: int, seed: int
) -> Block:  # fmt: skip
    chance = np.random.default_rng([seed, _ANSWERING, hours.start])
    at_us = [
        np.sort(chance.integers(0, _HOUR_US, int(counts[hour][1].sum()))) + int(starts_us[hour]) for hour in hours
    ]  # fmt: skip
    whose = [chance.permutation(np.repeat(*counts[hour])) for hour in hours]
    answers = sum(map(len, at_us))
    read = _lengths(traffic.input_median, traffic.input_sigma, answers, chance)
    written = _lengths(traffic.output_median, traffic.output_sigma, answers, chance)
    model = np.zeros(answers, np.int64)
    if models > 1:
        share = np.array(list(traffic.models.values()))
        model = np.searchsorted(np.cumsum(share / share.sum())[:-1], chance.random(answers), side="right")
    cached = np.floor(read * traffic.cached).astype(np.int64)
    used = {"input_tokens": read - cached, "cached_input_tokens": cached, "output_tokens": written}
    return Block(np.concatenate(at_us), np.concatenate(whose), model.astype(np.int64), used)


def _lengths(median: float, sigma: float, count: int, chance: np.random.Generator) -> Whole:
    tokens = np.rint(median * np.exp(sigma * chance.standard_normal(count)))
    return np.clip(tokens, 1, TRACE_TOKENS_MAX).astype(np.int64)
