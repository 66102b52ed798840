"""The search finds what is best: the exact fee, what theory says, and tariffs that can be written and keep terms."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.simulation.demand import ENDLESS, People, Use, luck, people, use
from solvent.simulation.demand_assumption import Demand
from solvent.simulation.tariff_search import SHAPES, Shape, Terms, best_fee, best_tariff, demand_terms, profit_at
from solvent.values.errors import Invalid

TERMS = Terms(tax_permille=0)
CROWD = people(luck(1, 8000), Demand())


def best(shape: Shape, cost: float, metering: float = 0.0, terms: Terms = TERMS, of: People = CROWD) -> float:
    return best_tariff(shape, of, cost, metering, terms).profit


@given(
    gain=st.lists(st.floats(0, 50), min_size=1, max_size=30), cost=st.floats(0, 1), price=st.floats(0, 2),
    most=st.one_of(st.none(), st.floats(0, 60)),
)  # fmt: skip
def test_no_fee_leaves_more_than_the_best_one(gain: list[float], cost: float, price: float, most: float | None) -> None:
    chance = np.random.default_rng(len(gain))
    found = Use(chance.uniform(0, 40, len(gain)), chance.uniform(0, 10, len(gain)), np.array(gain))
    terms = msgspec.structs.replace(TERMS, fee_most=ENDLESS if most is None else most)
    fee, profit = best_fee(found, price, cost, terms)
    assert profit == pytest.approx(profit_at(found, fee, price, cost, terms), rel=1e-9, abs=1e-9)
    for other in [*gain, *np.linspace(0, 60, 61).tolist()]:
        if other <= terms.fee_most:
            assert profit_at(found, other, price, cost, terms) <= max(profit, 0.0) + 1e-9  # or to nobody


@pytest.mark.parametrize("cost", [0.002, 0.02, 0.05])
def test_without_disliking_to_be_metered_the_best_three_part_tariff_is_a_two_part_tariff(cost: float) -> None:
    two, three = (best_tariff(shape, CROWD, cost, 0.0, TERMS) for shape in ("two_part", "three_part"))
    assert three.profit >= two.profit  # nothing included is an allowance too
    assert three.profit == pytest.approx(two.profit, rel=0.01)
    assert (three.tariff.allowance or 0) <= 5  # of 107 answers of the average customer
    grid = [
        best_fee(use(CROWD, allowance, price, 0.0), price, cost, TERMS)[1]
        for allowance in (10, 40, 160) for price in np.geomspace(max(cost, 0.02), 0.5, 12)
    ]  # fmt: skip
    assert max(grid) < two.profit


def test_what_is_never_billed_beyond_the_fee_is_flat_where_answers_are_cheap() -> None:
    flat, capped = best("flat", 0.002), best("capped", 0.002)
    assert capped == pytest.approx(flat, rel=0.03)


def test_allowance_and_overage_win_where_answers_are_dear_and_metering_is_disliked() -> None:
    profits = {shape: best(shape, 0.05, metering=5.0) for shape in SHAPES}
    assert max(profits, key=lambda shape: profits[shape]) == "three_part"
    assert profits["three_part"] > 1.1 * profits["two_part"] > 1.1 * profits["capped"]
    assert profits["capped"] > 1.4 * profits["flat"]


def test_figures_are_those_of_the_facts_within_their_noise() -> None:
    """facts/ECONOMICS.md 2.3: no VAT, 3.4 % fee, a dislike of being metered of 5 dollars."""
    crowd = people(luck(2, 10_000), Demand())
    told = {
        ("flat", 0.002): 3.18, ("three_part", 0.002): 4.01, ("flat", 0.02): 2.21, ("capped", 0.02): 2.61,
        ("three_part", 0.02): 3.47, ("capped", 0.05): 1.98, ("three_part", 0.05): 2.74,
    }  # fmt: skip
    for (shape, cost), profit in told.items():
        assert best(shape, cost, 5.0, of=crowd) == pytest.approx(profit, rel=0.12), (shape, cost)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
def test_tariffs_can_be_written(shape: Shape) -> None:
    found = best_tariff(shape, CROWD, 0.02, 5.0, TERMS).tariff
    assert found.fee == round(found.fee, 2)
    assert math.isinf(found.allowance) or found.allowance == int(found.allowance)
    assert math.isinf(found.price) or found.price == float(f"{found.price:.3g}")
    charming = best_tariff(shape, CROWD, 0.02, 5.0, msgspec.structs.replace(TERMS, is_charming=True)).tariff
    assert f"{charming.fee:.2f}".endswith(".99")
    won = Terms("KRW", is_charming=True)
    rich = People(CROWD.sated, CROWD.worth * 1400)
    assert best_tariff(shape, rich, 28.0, 7000.0, won).tariff.fee % 1000 == 900


@pytest.mark.parametrize("shape", SHAPES)
def test_terms_are_kept_at_a_price(shape: Shape) -> None:
    free = best_tariff(shape, CROWD, 0.05, 5.0, TERMS)
    low = msgspec.structs.replace(TERMS, fee_most=6.0)
    held = best_tariff(shape, CROWD, 0.05, 5.0, low)
    assert held.profit == -ENDLESS or held.tariff.fee <= 6.0
    assert held.profit <= free.profit + 1e-9
    rich = msgspec.structs.replace(TERMS, margin_least=0.8)
    picky = best_tariff(shape, CROWD, 0.05, 5.0, rich)
    if picky.profit == -ENDLESS:
        assert shape == "flat"  # no flat fee leaves so much of each unit at this cost
        return
    tariff = picky.tariff
    found = use(CROWD, tariff.allowance, tariff.price, 5.0)
    buys = found.gain >= tariff.fee
    paid = tariff.fee + (tariff.price * found.beyond if not math.isinf(tariff.price) else 0)
    net = float((TERMS.net * paid * buys).sum())
    assert net - float((0.05 * found.used * buys).sum()) >= 0.8 * net - 1e-6
    assert picky.profit <= free.profit + 1e-9


def test_at_no_price_does_a_dear_answer_leave_anything() -> None:
    assert all(best(shape, 1000.0) <= 0 for shape in SHAPES)


@pytest.mark.parametrize(
    "terms",
    [Terms(tax_permille=501), Terms(fee_permille=-1), Terms(fixed=-1), Terms(fee_most=-1), Terms(margin_least=1)],
)
def test_terms_out_of_range_are_refused(terms: Terms) -> None:
    with pytest.raises(Invalid):
        demand_terms(terms)
