"""The year to come: luck is the seed's, ranges are kept, and sums by weights are what a walk finds."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.simulation.assumption import LIMITS, Assumptions, Range, assumed
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.year import MONTHS, year
from solvent.values.errors import Invalid

MONTH_US = int(30.4375 * 86_400 * 10**6)


def line(name: str, earned: int = 0, charge: int = 0, cost: int = 0) -> CustomerLine:
    return CustomerLine(name, "plus", 10, 0, 100, 1, earned, earned, charge, 0, 0, cost)


def outcome(*lines: CustomerLine, months: int = 1) -> Outcome:
    return Outcome("plus", "test", "USD", 0, months * MONTH_US, lines)


def fixed(growth: float = 0, churn: float = 0, exchange: float = 1, cost_cut: float = 0) -> Assumptions:
    return Assumptions(*(Range(value, value, value) for value in (growth, churn, exchange, cost_cut)))


MANY = outcome(*(line(str(n), earned=1_000_000, cost=n * 10_000) for n in range(200)))


@given(
    growth=st.floats(0, 0.5), churn=st.floats(0, 0.5), exchange=st.floats(0.5, 2), cut=st.floats(0, 0.9),
    earned=st.integers(0, 10**12), charge=st.integers(0, 10**12), cost=st.integers(0, 10**12),
)  # fmt: skip
def test_a_usual_year_is_the_sum_of_its_months(
    growth: float, churn: float, exchange: float, cut: float, earned: int, charge: int, cost: int
) -> None:
    found = year(outcome(line("kim", earned, charge, cost)), fixed(growth, churn, exchange, cut), draws=1)
    size, walked = 1.0, 0.0
    for month in range(1, MONTHS + 1):
        walked += size * (earned + charge - cost * exchange * (1 - cut * month / MONTHS))
        size *= max(0.0, 1 + growth - churn)
    assert found.usual_grains == pytest.approx(walked, rel=1e-9, abs=2 + (earned + charge + cost) * 1e-9)


def test_answers_are_scaled_by_the_time_and_fees_by_the_period() -> None:
    short = year(outcome(line("kim", 100, 300, 30)), fixed(), draws=1)
    long = year(outcome(msgspec.structs.replace(line("kim", 300, 900, 90), periods=3), months=3), fixed(), draws=1)
    assert short.usual_grains == long.usual_grains == 12 * (100 + 300 - 30)


def test_a_yearly_fee_is_paid_once_a_year() -> None:
    yearly = msgspec.structs.replace(line("kim", 1_200, 300, 30), period_months=12)
    assert year(outcome(yearly), fixed(), draws=1).usual_grains == 12 * (100 + 300 - 30)


def test_the_same_seed_is_the_same_luck_and_another_is_not() -> None:
    assert year(MANY, Assumptions(), 200, seed=7) == year(MANY, Assumptions(), 200, seed=7)
    assert year(MANY, Assumptions(), 200, seed=7) != year(MANY, Assumptions(), 200, seed=8)


def test_dearer_answers_never_leave_more_in_any_quantile() -> None:
    dearer = outcome(*(msgspec.structs.replace(one, cost_grains=one.cost_grains * 2) for one in MANY.lines))
    before, after = (year(one, Assumptions(), 300, seed=3) for one in (MANY, dearer))
    assert all(more >= less for (_, more), (_, less) in zip(before.quantiles, after.quantiles, strict=True))
    assert after.loss_permille >= before.loss_permille
    assert after.losing_customers > before.losing_customers


def test_who_loses_for_certain_loses_in_every_draw_with_customers() -> None:
    assert year(outcome(*(line(str(n), cost=5) for n in range(50))), Assumptions(), 100).loss_permille == 1000


def test_the_largest_swing_comes_first_and_exchange_costs() -> None:
    swings = year(MANY, Assumptions(), 10).swings
    widths = [abs(swing.high_grains - swing.low_grains) for swing in swings]
    assert widths == sorted(widths, reverse=True)
    by_name = {swing.assumption: swing for swing in swings}
    assert by_name["exchange"].high_grains < by_name["exchange"].low_grains
    assert by_name["cost_cut"].high_grains > by_name["cost_cut"].low_grains


def test_what_is_said_takes_the_place_of_what_is_assumed() -> None:
    found = assumed(("churn=0.01:0.02:0.03", "growth=0.05"))
    assert (found.churn, found.growth) == (Range(0.01, 0.02, 0.03), Range(0.05, 0.05, 0.05))
    assert found.exchange == Assumptions().exchange


@pytest.mark.parametrize(
    "said", ["churn", "luck=1", "churn=", "churn=a", "churn=0.3:0.2:0.4", "churn=0:0.5:1.5", "churn=1:2", "churn=nan"]
)
def test_what_is_out_of_range_is_refused_with_the_range(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        assumed((said,))
    assert refused.value.code == "bad_assumption"
    name = said.partition("=")[0]
    if name in LIMITS and "=" in said:
        assert f"{LIMITS[name][0]:g} to {LIMITS[name][1]:g}" in refused.value.message


@pytest.mark.parametrize("draws", [0, 100_001])
def test_draws_have_a_limit(draws: int) -> None:
    with pytest.raises(Invalid):
        year(MANY, Assumptions(), draws)


def test_nobody_has_no_year_and_an_hour_is_too_short_for_one() -> None:
    for short in (outcome(), msgspec.structs.replace(MANY, until_us=3_600 * 10**6)):
        with pytest.raises(Invalid, match="less than a day"):
            year(short, Assumptions(), 10)
