"""Simulated arrivals: the same seed gives the same traffic, and it has the tail that was measured."""

from __future__ import annotations

from random import Random
from statistics import mean

import pytest

from solvent.simulation.arrival import activity, pause_s


def test_the_same_seed_gives_the_same_traffic() -> None:
    assert activity(40, Random(5)) == activity(40, Random(5)) != activity(40, Random(6))
    assert pause_s(0.5, Random(5)) == pause_s(0.5, Random(5)) != pause_s(0.5, Random(6))


@pytest.mark.parametrize("customers", [1, 2, 40, 5_000])
def test_shares_are_above_nothing_and_sum_to_all(customers: int) -> None:
    shares = activity(customers, Random(1))
    assert len(shares) == customers
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1)


def test_the_busiest_tenth_asks_about_72_in_a_hundred_questions() -> None:
    """ServeGen measured 71-74 %; a lognormal's own sample varies, so a large one is taken."""
    shares = sorted(activity(200_000, Random(2)), reverse=True)
    assert sum(shares[:20_000]) == pytest.approx(0.72, abs=0.02)


@pytest.mark.parametrize("rate", [0.01, 1.0, 50.0])
def test_pauses_are_those_of_a_poisson_stream(rate: float) -> None:
    random = Random(3)
    pauses = [pause_s(rate, random) for _ in range(20_000)]
    assert min(pauses) >= 0
    assert mean(pauses) == pytest.approx(1 / rate, rel=0.03)
    assert sum(pause > 1 / rate for pause in pauses) / len(pauses) == pytest.approx(0.3679, abs=0.015)
