"""Fits: intervals cover the numbers that traffic was generated with as often as they say; too little is refused."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from solvent.simulation.activity import activity_of
from solvent.simulation.fitted import Fit, fit
from solvent.simulation.generated import generated, rates
from solvent.simulation.likelihood import most_likely
from solvent.simulation.observed import observed
from solvent.simulation.trace import Answer, Trace, trace_of
from solvent.simulation.traffic import HOURS_PER_MONTH, Traffic, mean_of
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.usage import Usage

UTC = ZoneInfo("UTC")
MONDAY = instant("2026-11-02T00:00:00Z", "a test")
HOUR_US = 3_600 * 10**6


def refitted(traffic: Traffic, seed: int) -> Fit:
    return fit(generated(traffic, MONDAY, UTC, seed, "m"), UTC, seed)


def test_intervals_cover_what_traffic_was_generated_with() -> None:
    """Of 99 % (few customers): of 16 traffics and 7 numbers 3 misses are likelier than one in a thousand, 8 are not."""
    traffic = Traffic(customers=250, days=15, median=25, burst=3)
    covered: Counter[str] = Counter()
    for seed in range(16):
        found = refitted(traffic, seed)
        assert found.level == 0.99
        for name, interval in found.intervals.items():
            covered[name] += name != "tail" and interval.low <= getattr(traffic, name) <= interval.high
            assert interval.low <= interval.value <= interval.high
    del covered["tail"]
    assert set(covered) == {
        "median", "sigma", "burst", "input_median", "input_sigma", "output_median", "output_sigma"
    }  # fmt: skip
    assert min(covered.values()) >= 13, covered
    assert covered.total() >= 16 * 7 - 8


def test_the_interval_of_a_tail_covers_its_index_as_often_as_it_says() -> None:
    """Of 95 %: of 30 tails 24 covered are less likely than one in a thousand if the interval keeps its word."""
    traffic = Traffic(customers=1500, median=60, sigma=1.0, tail=1.4, tail_share=0.1)
    covered = taken = 0
    for seed in range(30):
        chance = np.random.default_rng(seed)
        asked = chance.poisson(rates(traffic, chance))
        found = activity_of(asked[asked > 0], HOURS_PER_MONTH, 0.0, 0.95, seed)
        assert found.tail is not None
        covered += found.tail.index.low <= 1.4 <= found.tail.index.high
        taken += found.is_pareto
    assert covered >= 25
    assert taken >= 8


def test_a_lognormal_is_hardly_ever_taken_for_a_pareto_tail() -> None:
    taken = 0
    for seed in range(20):
        chance = np.random.default_rng(seed)
        asked = chance.poisson(rates(Traffic(customers=1200, median=60, sigma=1.6), chance))
        taken += activity_of(asked[asked > 0], HOURS_PER_MONTH, 0.0, 0.95, seed).is_pareto
    assert taken <= 3


def test_what_a_fit_says_is_generated_again_alike() -> None:
    traffic = Traffic(
        customers=1100, days=21, median=40, sigma=1.1, tail=1.3, tail_share=0.1, burst=4, cached=0.25,
        weekdays=(1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5), hours=(0.5,) * 12 + (1.5,) * 12, models={"a": 1, "b": 3},
    )  # fmt: skip
    found = refitted(traffic, 4)
    again = found.traffic
    assert found.level == 0.95
    assert found.doubts == ()
    assert again.hours == pytest.approx(traffic.hours, abs=0.15)
    assert again.weekdays == pytest.approx(traffic.weekdays, abs=0.08)
    assert again.models["b"] / again.models["a"] == pytest.approx(3, rel=0.1)
    assert again.cached == pytest.approx(0.25, abs=0.01)
    assert again.customers == pytest.approx(1100, rel=0.05)
    assert (again.tail > 0) == found.activity.is_pareto
    assert mean_of(msgspec.structs.replace(again, tail=0.0)) > 0
    one, other = (generated(of, MONDAY, UTC, 9, "m").answers for of in (traffic, again))
    assert one == pytest.approx(other, rel=0.35)


def test_few_customers_widen_and_are_refused_below_a_number() -> None:
    few = refitted(Traffic(customers=90, days=4, median=60), 1)
    assert any("too few to see how heavy the tail is" in doubt for doubt in few.doubts)
    assert any("days of the week are taken to be alike" in doubt for doubt in few.doubts)
    assert few.traffic.weekdays == (1.0,) * 7
    many = refitted(Traffic(customers=1500, days=4, median=60), 1)
    wide, narrow = (one.intervals["sigma"].high - one.intervals["sigma"].low for one in (few, many))
    assert wide > 2.5 * narrow
    with pytest.raises(Invalid, match="a fit takes 50 customers, and here are"):
        refitted(Traffic(customers=30, days=4, median=60), 1)


def answers(*times: int, customers: int = 60) -> Trace:
    used = Usage(input_tokens=0, output_tokens=7)
    return trace_of([Answer(at, f"c{n}", "m", used) for at in times for n in range(customers)], "here")


def test_traffic_that_is_all_alike_is_fitted_too_and_too_short_a_time_is_not() -> None:
    with pytest.raises(Invalid, match="a fit takes a day, and this is 1 hours"):
        fit(answers(MONDAY, MONDAY + 60), UTC)
    found = fit(answers(MONDAY, MONDAY + 26 * HOUR_US, MONDAY + 60 * HOUR_US), UTC)
    assert found.traffic.output_median == pytest.approx(7)
    assert found.traffic.input_median == 1
    assert generated(found.traffic, MONDAY, UTC, 1).answers > 0


def test_hours_are_counted_over_the_edges_of_blocks() -> None:
    trace = generated(Traffic(customers=80, days=3, median=900), MONDAY, UTC, 1, "m")
    whole = observed(trace, UTC)

    def cut() -> object:
        for block in trace.read():
            for first in range(0, block.answers, 97):
                rows = slice(first, first + 97)
                used = {name: column[rows] for name, column in block.used.items()}
                yield type(block)(block.at_us[rows], block.customer[rows], block.model[rows], used)

    parts = observed(msgspec.structs.replace(trace, read=cut), UTC)
    assert parts.cells == whole.cells
    assert sum(count * often for (_, count), often in whole.cells.items()) == trace.answers
    assert (parts.asked == whole.asked).all()
    assert (parts.by_class == whole.by_class).all()


def test_the_top_of_a_hill_is_found_with_its_bend() -> None:
    at, covariance = most_likely(lambda x: float((x[0] - 3) ** 2 + 2 * (x[1] + 1) ** 2 + x[0] * x[1]), np.zeros(2))
    assert at == pytest.approx([4, -2], abs=1e-6)
    assert np.linalg.inv(covariance) == pytest.approx(np.array([[2, 1], [1, 4]]), abs=1e-3)
