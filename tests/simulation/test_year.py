"""The year to come: luck is the seed's, ranges are kept, and sums by weights are what a walk finds."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.rate_card import RateCard
from solvent.simulation.assumption import LIMITS, Assumptions, Range, assumed, at_home
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.scenario import Scenario, Sold
from solvent.simulation.year import as_fitted, year
from solvent.simulation.year_draw import (
    DEMAND_MOST,
    MONTHS,
    Drawn,
    customers_of,
    demand_left,
    draw,
    heavy_of,
    income_and_cost,
    joined,
)
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
    long = year(
        outcome(msgspec.structs.replace(line("kim", 300, 900, 90), periods=3, months=3.0), months=3), fixed(), draws=1
    )
    assert short.usual_grains == long.usual_grains == 12 * (100 + 300 - 30)


def test_a_yearly_fee_is_paid_once_a_year() -> None:
    yearly = msgspec.structs.replace(line("kim", 1_200, 300, 30), months=12.0)
    assert year(outcome(yearly), fixed(), draws=1).usual_grains == 12 * (100 + 300 - 30)


def test_the_same_seed_is_the_same_luck_and_another_is_not() -> None:
    assert year(MANY, Assumptions(), 200, seed=7) == year(MANY, Assumptions(), 200, seed=7)
    assert year(MANY, Assumptions(), 200, seed=7) != year(MANY, Assumptions(), 200, seed=8)


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 40), max_size=5))
def test_draws_are_the_same_bits_however_they_are_shared_out(cuts: list[int]) -> None:
    of, ranges = customers_of(MANY, None, heavy_of(MANY)), {"growth": Range(0, 0.1, 0.2)}
    ranges |= {name: getattr(Assumptions(), name) for name in ("churn", "exchange", "cost_cut")}
    edges = [0, *sorted(cuts), 40]
    parts = [draw(of, ranges, 5, first, last) for first, last in pairwise(edges)]
    whole, found = draw(of, ranges, 5, 0, 40), joined(parts)
    assert all(np.array_equal(getattr(whole, name), getattr(found, name)) for name in Drawn.__struct_fields__)


def billed(fee: int, answers: int = 10) -> CustomerLine:
    return CustomerLine("kim", "plus", answers, 0, 100, 1, fee, fee, 0, 0, 0, 50)


@pytest.mark.parametrize(
    ("then", "now", "elasticity", "left"),
    [
        (100, 200, -1.0, 0.5),  # as a constant elasticity of -1 has it, to the digit
        (100, 80, -1.0, 1.25),
        (100, 200, 0.0, 1.0),
        (0, 100, -1.0, 0.0),  # who paid nothing leaves
        (0, 100, -0.5, 1 / 3),
        (100, 200, -10.0, 0.0),
        (100, 0, -0.5, DEMAND_MOST),
        (0, 0, -2.0, 1.0),
    ],
)
def test_demand_falls_as_bills_rise(then: int, now: int, elasticity: float, left: float) -> None:
    of = customers_of(outcome(billed(now)), outcome(billed(then)), None)
    assert demand_left(of, elasticity) == pytest.approx([left])


@given(then=st.integers(0, 1000), now=st.integers(0, 1000), one=st.floats(-10, 0), other=st.floats(-10, 0))
def test_more_elastic_demand_moves_further(then: int, now: int, one: float, other: float) -> None:
    of = customers_of(outcome(billed(now)), outcome(billed(then)), None)
    (near,), (far,) = (demand_left(of, elasticity) for elasticity in (max(one, other), min(one, other)))
    assert abs(far - 1) >= abs(near - 1)
    assert 0 <= far <= DEMAND_MOST


def test_a_dearer_plan_keeps_fewer_and_is_told_by_its_swing() -> None:
    before, after = outcome(billed(100)), outcome(billed(150))
    certain = msgspec.structs.replace(fixed(), elasticity=Range(-2, -1, 0))
    found = year(after, certain, 5, before=before)
    assert found.usual_grains == pytest.approx(12 * (150 - 50) / 1.5, abs=1)
    (swing,) = (one for one in found.swings if one.assumption == "elasticity")
    assert swing.high_grains == 12 * 100
    assert swing.low_grains == pytest.approx(12 * 100 * (1 - 0.4) / (1 + 0.4), abs=1)
    assert "elasticity" not in {one.assumption for one in year(after, certain, 5).swings}


def test_luck_is_the_same_whether_or_not_bills_and_tails_are_known() -> None:
    heavy = heavy_of(BUSY)
    assert heavy is not None
    at = msgspec.structs.replace(Assumptions(), tail=Range(*[heavy.index.value] * 3))
    plain, known = year(BUSY, Assumptions(), 50), year(BUSY, at, 50, heavy=heavy, before=msgspec.structs.replace(BUSY))
    assert known.quantiles == plain.quantiles


def busy(customers: int, index: float, kind: str = "flat") -> Outcome:
    """Customers whose usage is Pareto's, of whom each answer costs 10 grains."""
    asked = [max(1, round(20 * (1 - (n + 0.5) / customers) ** (-1 / index))) for n in range(customers)]
    lines = {
        "flat": lambda n, a: CustomerLine(str(n), "p", a, 0, a, 1, 1000, 1000, 0, 0, 20 * a, 10 * a),
        "metered": lambda n, a: CustomerLine(str(n), "p", a, 0, a, 1, 0, 0, 20 * a, 0, 0, 10 * a),
        "stops": lambda n, a: CustomerLine(
            str(n), "p", min(a, 25), max(0, a - 25), a, 1, 1000, 1000, 0, 0, 0, 10 * min(a, 25)
        ),
    }
    return outcome(*(lines[kind](n, a) for n, a in enumerate(asked)))


BUSY = busy(2_000, 1.5)


def test_the_tail_is_found_and_stretched_to_another_index() -> None:
    heavy = heavy_of(BUSY)
    assert heavy is not None
    assert heavy.index.low < 1.5 < heavy.index.high
    asked = np.array([line.answers for line in BUSY.lines])
    assert asked[heavy.places].min() >= np.delete(asked, heavy.places).max()
    of = customers_of(BUSY, None, heavy)
    for index in (0.9, 1.2, 3.0):
        _, cost = income_and_cost(of, index)
        again = outcome(*(billed(0, round(value / 10)) for value in cost))
        found = heavy_of(again)
        assert found is not None
        assert found.index.value == pytest.approx(index, rel=0.1)
    assert np.array_equal(income_and_cost(of, heavy.index.value)[1], of.cost)


def test_a_heavier_tail_costs_flat_plans_pays_by_the_answer_and_is_refused_by_quotas() -> None:
    left = {}
    for kind in ("flat", "metered", "stops"):
        made = busy(2_000, 1.5, kind)
        of = customers_of(made, None, heavy_of(made))
        left[kind] = [float(np.subtract(*income_and_cost(of, index)).sum()) for index in (2.5, 1.5, 0.9)]
    assert left["flat"][0] > left["flat"][1] > left["flat"][2]
    assert left["metered"][0] < left["metered"][1] < left["metered"][2]
    assert left["stops"][1] == pytest.approx(left["stops"][2])


def test_the_tail_is_as_fitted_unless_it_was_said_and_few_customers_have_none() -> None:
    heavy = heavy_of(BUSY)
    assert heavy is not None
    fitted = as_fitted(Assumptions(), heavy).tail
    assert fitted == Range(heavy.index.low, heavy.index.value, heavy.index.high)
    said = assumed(("tail=1.2",))
    assert as_fitted(said, heavy) == said
    few = outcome(*BUSY.lines[:30])
    assert heavy_of(few) is None
    assert as_fitted(Assumptions(), None).tail is None
    with pytest.raises(Invalid, match="too few customers"):
        as_fitted(said, None)


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


def test_no_exchange_moves_what_is_paid_in_the_money_of_the_books_unless_one_is_said() -> None:
    assert at_home(Assumptions(), ("churn=0.1",)).exchange == Range(1, 1, 1)
    said = assumed(("exchange=0.5:1:2",))
    assert at_home(said, ("exchange=0.5:1:2",)) == said
    won, dollar = (RateCard(name, name, 0, "a test", input_picos=1) for name in ("KRW", "USD"))
    sold = {"m": Sold((won,), (won,), "", {"other": (dollar,)})}
    scenario = Scenario(name="a", currency="KRW", time_zone="UTC", plans={}, plan="", sold=sold)
    assert scenario.costs_at_home(())
    assert not scenario.costs_at_home(("other",))  # answers had that upstream
