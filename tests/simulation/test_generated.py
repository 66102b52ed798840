"""Generated traffic: a seed's own, as unequal, rhythmic and bursty as was said, and refused where it cannot be."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.simulation.generated import generated, rates
from solvent.simulation.trace import Trace
from solvent.simulation.traffic import HOURS_PER_MONTH, Traffic, demand_possible, mean_of, traffic_said
from solvent.values.errors import Invalid
from solvent.values.instant import instant

UTC = ZoneInfo("UTC")
MONDAY = instant("2026-11-02T00:00:00Z", "a test")
HOUR_US = 3_600 * 10**6


def drawn(trace: Trace) -> dict[str, Any]:
    blocks = list(trace.read())
    columns = {
        name: np.concatenate([getattr(block, name) for block in blocks]) for name in ("at_us", "customer", "model")
    }
    return columns | {name: np.concatenate([block.used[name] for block in blocks]) for name in blocks[0].used}


def digest(trace: Trace) -> str:
    return hashlib.sha256(b"".join(column.tobytes() for column in drawn(trace).values())).hexdigest()


def test_a_seed_is_the_same_traffic_to_the_byte() -> None:
    """On every machine, within numpy's promise for its generators (NEP 19): a new numpy may change this digest."""
    traffic = Traffic(customers=50, days=3, burst=0.0, input_sigma=0.0, output_sigma=0.0, sigma=0.0)
    made = [generated(traffic, MONDAY, UTC, seed, "m") for seed in (1, 1, 2)]
    digests = [digest(trace) for trace in made]
    assert digests[0] == digests[1] == digest(made[0]) != digests[2]
    assert digests[0] == "61ce3c5b4643b3397f0fb84fc8769c0c368795c25a2678bce1e05a7f8d9925e4"


@settings(deadline=None, max_examples=25)
@given(
    st.builds(
        Traffic, customers=st.integers(1, 40), days=st.integers(1, 9), median=st.floats(1, 300), sigma=st.floats(0, 3),
        tail=st.sampled_from([0.0, 0.8, 2.5]), burst=st.sampled_from([0.0, 0.01, 5.0, 900.0]),
        cached=st.floats(0, 1), hours=st.sampled_from([Traffic().hours, (0.0,) * 23 + (1.0,)]),
    ),
    st.integers(0, 2**32),
)  # fmt: skip
def test_whatever_is_said_the_trace_keeps_its_word(traffic: Traffic, seed: int) -> None:
    try:
        trace = generated(traffic, MONDAY, UTC, seed, "m")
    except Invalid:  # nobody asked
        return
    if trace.answers > 300_000:
        return
    found = drawn(trace)
    assert len(found["at_us"]) == trace.answers
    assert (np.diff(found["at_us"]) >= 0).all()
    assert trace.from_us <= found["at_us"][0]
    assert found["at_us"][-1] < trace.until_us == MONDAY + traffic.days * 24 * HOUR_US
    assert found["customer"].max() + 1 == len(set(trace.customers)) <= traffic.customers
    assert min(found["input_tokens"].min(), found["cached_input_tokens"].min()) >= 0
    assert found["output_tokens"].min() >= 1


def test_rates_have_the_median_the_inequality_and_the_tail_that_were_said() -> None:
    traffic = Traffic(customers=200_000, median=20, sigma=1.86)
    found = np.sort(rates(traffic, np.random.default_rng(1)))[::-1]
    assert np.median(found) == pytest.approx(20, rel=0.02)
    assert found.mean() == pytest.approx(mean_of(traffic), rel=0.05)
    assert found[:20_000].sum() / found.sum() == pytest.approx(0.72, abs=0.02)
    heavy = msgspec.structs.replace(traffic, tail=2.0, tail_share=0.1)
    found = np.sort(rates(heavy, np.random.default_rng(1)))[::-1]
    assert found.mean() == pytest.approx(mean_of(heavy), rel=0.05)
    assert 1 / np.log(found[:10_000] / found[10_000]).mean() == pytest.approx(2.0, rel=0.03)


def test_hours_days_and_bursts_are_as_they_were_said() -> None:
    hours, weekdays = (*(1.0,) * 12, *(3.0,) * 12), (1.0, 1.0, 1.0, 1.0, 1.0, 0.25, 0.25)
    spread = []
    for burst in (0.0, 4.0):
        traffic = Traffic(customers=300, days=28, sigma=0.0, median=600, burst=burst, hours=hours, weekdays=weekdays)
        found = drawn(generated(traffic, MONDAY, UTC, 3, "m"))
        hour = (found["at_us"] - MONDAY) // HOUR_US
        counts = np.zeros((300, 28 * 24))
        np.add.at(counts, (found["customer"], hour), 1)
        day = counts.sum(axis=0).reshape(28, 24).sum(axis=1)
        assert (hour % 24 >= 12).mean() == pytest.approx(0.75, abs=0.02)
        assert day.reshape(4, 7)[:, 5:].mean() / day.reshape(4, 7)[:, :5].mean() == pytest.approx(0.25, abs=0.03)
        monday_noon = counts[:, 12]
        spread.append(monday_noon.var() / monday_noon.mean())
    assert spread[0] == pytest.approx(1, abs=0.3)
    assert spread[1] > 3


def test_a_mean_is_as_good_as_a_median_and_models_share_the_answers() -> None:
    traffic = traffic_said("customers=2000,days=10,answers=50,sigma=1,burst=0", Traffic())
    assert mean_of(traffic) == pytest.approx(50)
    traffic = msgspec.structs.replace(traffic, models={"a": 1.0, "b": 3.0})
    trace = generated(traffic, MONDAY, UTC, 1)
    assert trace.answers == pytest.approx(2000 * 50 * 240 / HOURS_PER_MONTH, rel=0.1)
    assert trace.models == ("a", "b")
    assert drawn(trace)["model"].mean() == pytest.approx(0.75, abs=0.01)


def test_much_traffic_is_never_in_memory_at_once() -> None:
    trace = generated(Traffic(customers=500, days=90, median=300, sigma=0.5), MONDAY, UTC, 1, "m")
    tracemalloc.start()
    rows = sum(block.answers for block in trace.read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == trace.answers > 400_000
    assert peak < rows * 6 * 8 / 4  # a quarter of its columns


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("customers", "write it like customers=1000; there are customers, days"),
        ("clients=3", "write it like customers=1000"),
        ("customers=0", "customers: '0' is not 1 to"),
        ("customers=1.5", "customers: '1.5'"),
        ("days=-1", "days: '-1' is not 1 to"),
        ("sigma=nan", "sigma: 'nan' is not 0 to 5"),
        ("median=1,answers=2", "not both"),
        ("tail=0.9,answers=5", "has no mean"),
    ],
)
def test_what_cannot_be_is_refused_with_its_range(text: str, named: str) -> None:
    with pytest.raises(Invalid, match=named):
        traffic_said(text, Traffic())


def test_weights_that_are_none_are_refused() -> None:
    for wrong in ({"hours": (1.0,) * 23}, {"weekdays": (0.0,) * 7}, {"hours": (-1.0,) * 24}, {"models": {"a": 0.0}}):
        with pytest.raises(Invalid, match="weights"):
            demand_possible(msgspec.structs.replace(Traffic(), **wrong))
    with pytest.raises(Invalid, match="0 answers; a trace has"):
        generated(Traffic(customers=1, days=1, median=1e-6, sigma=0), MONDAY, UTC, 1, "m")
