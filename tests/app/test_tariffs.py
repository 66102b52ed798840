"""A tariff that was found is a plan: it is read like any other, and a replayed month bills what was foreseen."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from solvent.app.cards import read_cards
from solvent.app.plans import plan_of, read_plan_file
from solvent.app.tariffs import advised, contestants, cost_each, plan_text, price_card, tariff_plan
from solvent.billing.plan import Plan, net_of
from solvent.clusters.here import Here
from solvent.pricing.rate_card import RateCard
from solvent.simulation.demand_assumption import demand_assumed
from solvent.simulation.outcome import Outcome
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Scenario, Sold
from solvent.simulation.tariff_contest import Contest, contest
from solvent.simulation.tariff_search import SHAPES, Shape, Terms
from solvent.simulation.trace import Answer, Trace, trace_of
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.money import Money
from solvent.values.usage import Usage

FROM_US = instant("2026-10-01", "test")
MONTH_US = int(30.4375 * 86_400 * 10**6)  # within October
COST = RateCard("cost", "USD", 0, "", answer_picos=20_000_000_000)  # 2 cents
PRICE = RateCard("price", "USD", 0, "", answer_picos=50_000_000_000)
TERMS = Terms(tax_permille=100, fee_permille=34, fixed=0.25)


def month() -> Trace:
    """Sixty customers, few of whom ask much, for a month to the microsecond."""
    chance = np.random.default_rng(4)
    asked = np.maximum(1, np.round(np.exp(4 + 1.2 * chance.standard_normal(60)))).astype(int)
    times = np.sort(chance.integers(0, MONTH_US - 1, int(asked.sum())))
    times[0], times[-1] = 0, MONTH_US - 1
    whose = chance.permutation(np.repeat(np.arange(60), asked))
    return trace_of(
        [
            Answer(FROM_US + int(at_us), f"c{who}", "m", Usage(10, 5))
            for at_us, who in zip(times, whose, strict=True)
        ],
        "test",
    )  # fmt: skip


TRACE = month()
FREE = Plan(name="asked", price=Money(0, "USD"))


def replayed(plan: Plan, price: RateCard) -> Outcome:
    return replay(
        TRACE,
        Scenario(
            name=plan.name, currency="USD", time_zone="UTC", plans={plan.name: plan}, plan=plan.name,
            sold={"m": Sold((price,), (COST,))},
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict[Shape, Contest]:
    asked = replayed(FREE, PRICE)
    who, cost = contestants(asked, is_today=False), cost_each(asked)
    assert cost == pytest.approx(0.02)
    return {
        shape: contest(who, [cost], demand_assumed(()), TERMS, Here(), shapes=(shape,), seeds=3) for shape in SHAPES
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_the_plan_is_read_and_bills_a_month_as_foreseen(
    shape: Shape, found: dict[Shape, Contest], tmp_path: Path
) -> None:
    made = found[shape]
    best = advised(made.regimes[0])
    assert best.shape == shape
    file, cards = tmp_path / "plans.yaml", tmp_path / "rate_cards"
    file.write_text(plan_text(tariff_plan("best", best, made), best, made, made.regimes[0].cost_grains))
    (entry,) = read_plan_file(file)
    plan = plan_of(entry, "USD")
    assert plan == tariff_plan("best", best, made)
    price = PRICE
    if best.price_grains is not None:
        cards.mkdir()
        (cards / "best.yaml").write_text(price_card("best-price", best, made, "2026-01-01"))
        (price,) = read_cards(tmp_path)["best-price"]
    outcome = replayed(plan, price)
    total = outcome.total
    assert total.refused == (0 if shape != "capped" else total.refused)
    if best.price_grains is not None:
        counts = [line.answers for line in outcome.lines]
        beyond = sum(max(0, count - (best.allowance or 0)) for count in counts)
        assert total.charge_grains == total.on_account_grains == beyond * best.price_grains
    net = net_of(plan, Money(total.fee_grains + total.charge_grains, "USD")).grains
    left = net - total.cost_grains - len(outcome.lines) * 250_000_000
    assert best.as_asked_grains * len(outcome.lines) == pytest.approx(left, rel=1e-6, abs=10_000)
    assert plan.overage_most is None or plan.overage_most.grains >= max(line.charge_grains for line in outcome.lines)


def test_an_allowance_that_could_lose_says_so(found: dict[Shape, Contest], tmp_path: Path) -> None:
    made = found["capped"]
    best = msgspec.structs.replace(advised(made.regimes[0]), allowance=10**6)
    file = tmp_path / "plans.yaml"
    file.write_text(plan_text(tariff_plan("best", best, made), best, made, made.regimes[0].cost_grains))
    assert read_plan_file(file)[0].at_a_loss


def test_a_name_no_plan_may_have_and_a_market_of_an_hour_are_refused(found: dict[Shape, Contest]) -> None:
    made = found["flat"]
    with pytest.raises(Invalid, match="name"):
        tariff_plan("two words", advised(made.regimes[0]), made)
    asked = replayed(FREE, PRICE)
    with pytest.raises(Invalid, match="less than a day"):
        contestants(msgspec.structs.replace(asked, until_us=asked.from_us + 3600 * 10**6), is_today=False)
    with pytest.raises(Invalid, match="--cost"):
        cost_each(msgspec.structs.replace(asked, lines=()))
    with pytest.raises(Invalid, match="no tariff"):
        advised(msgspec.structs.replace(made.regimes[0], advice=""))


def test_what_customers_pay_today_bounds_what_an_answer_is_worth_to_them() -> None:
    plan = Plan(name="asked", price=Money(20 * 10**9, "USD"))
    who = contestants(replayed(plan, PRICE), is_today=True)
    assert who.market is not None
    assert who.market.paid == pytest.approx(20 + 0.05 * who.market.sated)
    assert (contestants(replayed(plan, PRICE), is_today=False).market.paid == 0).all()  # type: ignore[union-attr]
