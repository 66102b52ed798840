"""The contest of shapes: who wins at what cost, that it is the same for the same seed, and what it may not be asked."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from solvent.clusters.here import Here
from solvent.simulation.demand import Market
from solvent.simulation.demand_assumption import demand_assumed
from solvent.simulation.tariff_contest import Contest, Contestants, Found, Regime, contest
from solvent.simulation.tariff_search import Shape, Terms
from solvent.values.errors import Invalid

TERMS = Terms(tax_permille=0)
WHO = Contestants("test", 4000)


def judged(*costs: float, assume: tuple[str, ...] = (), shapes: tuple[Shape, ...] = (), seed: int = 1) -> Contest:
    asked = {"shapes": shapes} if shapes else {}
    return contest(WHO, costs, demand_assumed(assume), TERMS, Here(), seeds=6, seed=seed, **asked)  # type: ignore[arg-type]


def of(regime: Regime, shape: str) -> Found:
    return next(found for found in regime.found if found.shape == shape)


@pytest.fixture(scope="module")
def usual() -> Contest:
    heard: list[int] = []
    found = contest(WHO, [0.002, 0.05], demand_assumed(()), TERMS, Here(), seeds=6, tell=heard.append)
    assert heard == [1] * 8
    return found


def test_allowance_and_overage_win_where_an_answer_costs_five_cents(usual: Contest) -> None:
    dear = usual.regimes[1]
    assert (dear.best, dear.advice, dear.as_good) == ("three_part", "three_part", ("three_part",))
    capped, three = of(dear, "capped").more_permille, of(dear, "three_part").more_permille
    assert capped is not None
    assert three is not None
    assert 400 < capped.usual < three.usual  # thousandths more than flat
    assert three.low > 0


def test_flat_wins_within_noise_where_an_answer_costs_a_fifth_of_a_cent_and_nobody_is_to_be_metered(
    usual: Contest,
) -> None:
    more = of(usual.regimes[0], "capped").more_permille
    assert more is not None
    assert more.usual < 20
    never_billed = judged(0.002, shapes=("flat", "capped")).regimes[0]
    assert (never_billed.advice, set(never_billed.as_good)) == ("flat", {"flat", "capped"})
    hated = judged(0.002, assume=("metering=1e6",)).regimes[0]
    assert hated.advice == "flat"
    dear = judged(0.05, shapes=("flat", "capped")).regimes[0]
    assert (dear.best, dear.advice) == ("capped", "capped")


def test_without_disliking_to_be_metered_nothing_need_be_included() -> None:
    regime = judged(0.02, assume=("metering=0",), shapes=("two_part", "three_part")).regimes[0]
    assert regime.advice == "two_part"
    two, three = of(regime, "two_part"), of(regime, "three_part")
    assert three.profit_grains.usual == pytest.approx(two.profit_grains.usual, rel=0.01)


def test_what_is_told_of_each_holds_together(usual: Contest) -> None:
    for regime in usual.regimes:
        for found in regime.found:
            assert found.profit_grains.low <= found.profit_grains.usual <= found.profit_grains.high
            assert 0 < found.buyers.usual <= 1000
            assert found.picked_permille > 1000  # who asks much buys first
            assert 230 <= found.leaving < 1000
            assert 1000 <= found.paid_months <= 12_000
            assert found.surplus_grains > 0
            assert 100 <= found.heavy <= 1000
            assert (found.unused == 0) == (not found.allowance)
    cheap, dear = (of(regime, "flat") for regime in usual.regimes)
    assert dear.fee_grains > cheap.fee_grains
    assert dear.losing > cheap.losing
    levers = usual.regimes[1].levers
    assert {"worth", "metering", "usage_mean"} <= {lever.assumption for lever in levers}
    assert {"drift", "leaving", "inertia"}.isdisjoint(lever.assumption for lever in levers)
    widths = [abs(lever.high_grains - lever.low_grains) for lever in levers]
    assert widths == sorted(widths, reverse=True)


def test_the_same_seed_is_the_same_contest_and_another_is_not() -> None:
    first, again, other = (judged(0.05, shapes=("flat", "capped"), seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first.regimes != other.regimes


def test_where_nothing_can_be_earned_nothing_is_advised() -> None:
    regime = judged(1000.0).regimes[0]
    assert (regime.best, regime.advice, regime.found) == ("", "", ())


def test_few_customers_make_a_wide_interval() -> None:
    def width(copies: int) -> float:
        asked = np.tile(np.array([5.0, 40.0, 300.0, 2000.0]), copies)
        who = Contestants("market", len(asked), Market(asked, np.zeros(len(asked))))
        found = (
            contest(who, [0.01], demand_assumed(()), TERMS, Here(), shapes=("capped",), seeds=40).regimes[0].found[0]
        )
        return (found.profit_grains.high - found.profit_grains.low) / found.profit_grains.usual

    assert width(2) > 2 * width(100)


@pytest.mark.parametrize(
    ("customers", "costs", "seeds", "seed"),
    [(0, [0.1], 5, 1), (200_001, [0.1], 5, 1), (10, [], 5, 1), (10, [-0.1], 5, 1), (10, [float("inf")], 5, 1),
     (10, [0.1] * 21, 5, 1), (10, [0.1], 0, 1), (10, [0.1], 1001, 1), (10, [0.1], 5, -1), (200_000, [0.1], 101, 1)],
)  # fmt: skip
def test_what_has_no_sense_is_refused(customers: int, costs: list[float], seeds: int, seed: int) -> None:
    with pytest.raises(Invalid):
        contest(Contestants("x", customers), costs, demand_assumed(()), TERMS, Here(), seeds=seeds, seed=seed)
    with pytest.raises(Invalid):
        contest(WHO, [0.1], demand_assumed(()), msgspec.structs.replace(TERMS, tax_permille=900), Here())
