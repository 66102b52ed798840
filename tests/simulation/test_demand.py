"""Demand: what customers do is what is best for them, luck is the seed's, and assumptions keep to their ranges."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.simulation.assumption import Range
from solvent.simulation.demand import (
    ENDLESS,
    Luck,
    Market,
    People,
    Tariff,
    choose,
    luck,
    people,
    staying,
    survival,
    use,
)
from solvent.simulation.demand_assumption import KNOWN, Demand, demand_assumed, usual
from solvent.values.errors import Invalid

POSITIVE = st.floats(0.01, 1000)


def worth_of(sated: float, worth: float, used: float) -> float:
    return worth * used - worth * used * used / (2 * sated)


@given(
    sated=st.floats(1, 1000), worth=st.floats(0.01, 2), allowance=st.one_of(st.just(0.0), st.floats(0, 500)),
    price=st.floats(0.001, 3), metering=st.floats(0, 20),
)  # fmt: skip
def test_nobody_could_do_better_than_they_do(
    sated: float, worth: float, allowance: float, price: float, metering: float
) -> None:
    found = use(People(np.array([sated]), np.array([worth])), allowance, price, metering)
    grid = np.unique(np.concatenate((np.linspace(0, sated, 2001), [min(allowance, sated)])))
    beyond = np.maximum(0, grid - allowance)
    value = worth_of(1, 0, 0) + worth * grid - worth * grid**2 / (2 * sated) - price * beyond - metering * (beyond > 0)
    gain = max(0.0, float(found.gain[0])) if found.used[0] == 0 else float(found.gain[0])
    assert gain >= value.max() - 1e-6 * (1 + abs(value.max()))
    used, over = float(found.used[0]), float(found.beyond[0])
    assert over == pytest.approx(max(0.0, used - allowance), abs=1e-9)
    if used > 0:
        told = worth_of(sated, worth, used) - price * over - (metering if over > 0 else 0)
        assert float(found.gain[0]) == pytest.approx(told, rel=1e-9, abs=1e-9)


def test_a_price_that_bites_makes_them_use_less_and_a_limit_stops_them() -> None:
    of = people(luck(3, 5000), Demand())
    free, dear, dearer, stopped = (
        use(of, *offer, metering=0) for offer in ((ENDLESS, ENDLESS), (0.0, 0.1), (0.0, 0.2), (50.0, ENDLESS))
    )
    assert np.array_equal(free.used, of.sated)
    assert (dearer.used <= dear.used).all()
    assert (dear.used < of.sated).all()
    assert stopped.used.max() == 50


def test_disliking_to_be_metered_keeps_some_within_the_allowance() -> None:
    of = people(luck(3, 5000), Demand())
    calm, averse = (use(of, 60, 0.1, metering) for metering in (0.0, 8.0))
    assert (averse.beyond > 0).sum() < (calm.beyond > 0).sum()
    assert (averse.used == 60).sum() > (calm.used == 60).sum()


def test_the_same_seed_is_the_same_customers_and_dearer_worth_buys_more() -> None:
    first, again, other = (luck(seed, 1000) for seed in (1, 1, 2))
    assert np.array_equal(first.usage, again.usage)
    assert not np.array_equal(first.usage, other.usage)
    poor, rich = (people(first, msgspec.structs.replace(Demand(), worth=worth)) for worth in (0.1, 0.5))
    assert np.array_equal(poor.sated, rich.sated)  # common random numbers: only what was changed differs
    assert np.allclose(rich.worth, 5 * poor.worth)


def test_described_customers_have_the_mean_and_the_tail_that_are_assumed() -> None:
    of = people(luck(1, 200_000), Demand())
    assert of.sated.mean() == pytest.approx(107, rel=0.03)
    ranked = np.sort(of.sated)[::-1]
    share = ranked[:20_000].sum() / ranked.sum()
    assert share == pytest.approx(0.586, abs=0.02)  # Phi(1.5 - 1.2816); facts/ECONOMICS.md 2.2
    assert np.median(of.worth) == pytest.approx(0.25, rel=0.02)
    assert np.corrcoef(np.log(of.sated), np.log(of.worth))[0, 1] == pytest.approx(-0.2, abs=0.01)


def test_customers_of_a_market_are_worth_at_least_what_they_pay() -> None:
    market = Market(np.array([10.0, 100.0, 1000.0]), np.array([30.0, 5.0, 0.0]))
    drawn = luck(1, 3000, market)
    of = people(drawn, Demand(), market)
    assert set(of.sated.tolist()) <= set(market.sated.tolist())
    bought = use(of, ENDLESS, ENDLESS, 0).gain >= market.paid[drawn.place] - 1e-9
    assert bought.all()


def test_survival_is_a_beta_mixture_of_those_who_leave_at_one_rate() -> None:
    demand = msgspec.structs.replace(Demand(), leaving=0.3, leaving_spread=0.2)
    rates = np.random.default_rng(1).beta(0.3 * 4, 0.7 * 4, 400_000)
    for month, share in enumerate(survival(demand)):
        assert share == pytest.approx(float(((1 - rates) ** month).mean()), abs=0.003)
    steady = survival(msgspec.structs.replace(demand, leaving_spread=0.0))
    assert steady[12] == pytest.approx(0.7**12)
    assert survival(Demand())[12] == pytest.approx(0.061, abs=0.001)  # RevenueCat 2026, in facts/ECONOMICS.md 2.1
    assert (survival(msgspec.structs.replace(demand, leaving=0.0)) == 1).all()


def test_a_dearer_tariff_loses_more_of_its_buyers_as_worth_drifts() -> None:
    drawn, demand = luck(5, 20_000), Demand()
    of = people(drawn, demand)
    cheap, dear = Tariff(5.0), Tariff(40.0)
    there = [
        staying(of, one, demand, drawn, use(of, ENDLESS, ENDLESS, 0).gain >= one.fee) for one in (cheap, dear)
    ]  # fmt: skip
    for shares in there:
        assert shares[0] == 1
        assert (np.diff(shares) <= 0).all()
    assert there[1][-1] < there[0][-1]
    still = msgspec.structs.replace(demand, drift=0.0)
    assert (staying(of, cheap, still, drawn, use(of, ENDLESS, ENDLESS, 0).gain >= 5) == 1).all()


def test_customers_move_up_and_down_and_leave_as_is_best_for_them() -> None:
    #            loves it   little use   worth nothing
    of = People(np.array([500.0, 20.0, 20.0]), np.array([0.5, 0.6, 0.01]))
    menu = (Tariff(5.0, 30.0), Tariff(40.0))
    taken, used = choose(of, menu, np.array([0, 1, 1]), Demand())
    assert taken.tolist() == [1, 0, -1]  # up, down, away
    assert used.tolist() == [500.0, 20.0, 0.0]


def test_inertia_keeps_those_who_would_gain_little() -> None:
    of = People(np.array([20.0]), np.array([0.6]))
    menu = (Tariff(5.0), Tariff(4.5))
    stay, go = (
        choose(of, menu, np.array([0]), msgspec.structs.replace(Demand(), inertia=inertia))[0][0]
        for inertia in (1.0, 0.1)
    )
    assert (stay, go) == (0, 1)
    new = choose(of, menu, np.array([-1]), Demand())[0][0]
    assert new == 1  # who is on nothing takes the best at once


@given(
    sated=st.floats(1, 500), worth=st.floats(0.01, 1), fees=st.lists(st.floats(0, 60), min_size=1, max_size=4),
    on=st.integers(-1, 3), inertia=st.floats(0, 10), limit=st.floats(0, 200),
)  # fmt: skip
def test_nobody_stays_where_leaving_or_moving_is_better_for_them(
    sated: float, worth: float, fees: list[float], on: int, inertia: float, limit: float
) -> None:
    of, on = People(np.array([sated]), np.array([worth])), min(on, len(fees) - 1)
    menu = tuple(Tariff(fee, limit * (1 + place)) for place, fee in enumerate(fees))
    demand = msgspec.structs.replace(Demand(), inertia=inertia)
    taken, used = choose(of, menu, np.array([on]), demand)
    each = [float(use(of, one.allowance, one.price, demand.metering).gain[0]) for one in menu]
    gains = [gain - one.fee if gain >= 0 else -ENDLESS for gain, one in zip(each, menu, strict=True)]
    now = gains[on] if on >= 0 else 0.0
    best = max(0.0, now, *(gain for gain in gains if on < 0 or gain > now + inertia))
    assert (gains[taken[0]] if taken[0] >= 0 else 0.0) == pytest.approx(best)
    assert taken[0] >= 0 or used[0] == 0


@pytest.mark.parametrize("known", KNOWN, ids=[known.name for known in KNOWN])
def test_what_is_out_of_range_is_refused_with_the_range(known: object) -> None:
    of = next(one for one in KNOWN if one is known)
    with pytest.raises(Invalid) as refused:
        demand_assumed((f"{of.name}={of.most * 2 + 1}",))
    assert refused.value.code == "bad_assumption"
    assert f"{of.least:g} to {of.most:g}" in refused.value.message
    assert of.help in refused.value.message
    assert of.source


@pytest.mark.parametrize("said", ["luck=1", "worth", "worth=a", "worth=1:2", "worth=3:2:1", "worth=nan", "worth=inf"])
def test_what_is_no_assumption_is_refused(said: str) -> None:
    with pytest.raises(Invalid, match="write"):
        demand_assumed((said,))


def test_every_assumption_is_a_field_and_its_usual_is_the_default() -> None:
    assert usual(demand_assumed(())) == Demand()
    assert [known.name for known in KNOWN] == list(Demand.__struct_fields__)
    assert all(known.least <= known.usual.low and known.usual.high <= known.most for known in KNOWN)
    assert demand_assumed(("metering=1:2:3",))["metering"] == Range(1, 2, 3)


def test_amounts_are_said_in_the_currency_or_come_by_the_dollars_rate() -> None:
    assert demand_assumed((), 1400.0)["worth"].usual == pytest.approx(350)
    assert demand_assumed(("worth=300",), 1400.0)["worth"].usual == 300
    with pytest.raises(Invalid, match="--assume metering=350"):
        demand_assumed(("worth=350",), None)


def test_no_customers_is_no_answer() -> None:
    nobody = np.zeros(0)
    drawn = Luck(1, nobody, nobody, np.zeros(0, np.int64))
    assert staying(People(nobody, nobody), Tariff(1.0), Demand(), drawn, nobody > 0).tolist() == [1] + [0] * 12
    assert math.isinf(Tariff(1.0).allowance)
