"""Customers who react are replayed by the billing code: who leaves is billed nothing, who asks less asks less of it."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from solvent.billing.included import Included, unlimited
from solvent.billing.plan import Plan
from solvent.pricing.rate_card import RateCard
from solvent.simulation.demand import Tariff
from solvent.simulation.demand_assumption import Demand
from solvent.simulation.outcome import Outcome
from solvent.simulation.reaction import Reacted, react, tariff_of
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Scenario, Sold
from solvent.simulation.trace import Answer, trace_of
from solvent.values.instant import instant
from solvent.values.money import Money
from solvent.values.usage import Usage

FROM_US = instant("2026-10-01", "test")
MONTH_US = int(30.4375 * 86_400 * 10**6)
CENTS = 10**7
SOLD = {
    "m": Sold((RateCard("p", "USD", 0, "", answer_picos=10**11),), (RateCard("c", "USD", 0, "", answer_picos=10**9),))
}
FLAT = Plan(
    name="flat", price=Money(20 * 10**9, "USD"), included=(Included("answers", unlimited("answers")),), beyond="stop"
)
CAPPED = Plan(name="capped", price=Money(8 * 10**9, "USD"), included=(Included("answers", 30),), beyond="stop")
METERED = Plan(name="metered", price=Money(0, "USD"), beyond="overage", overage_most=Money(10**12, "USD"))
PLANS = {plan.name: plan for plan in (FLAT, CAPPED, METERED)}
KEEN = Demand(worth=1000.0, worth_spread=0.0, worth_with_usage=0.0, metering=0.0)
ASKED = [1, 5, 20, 60, 100, 200, 400]
DEMAND = Demand(worth=0.5, worth_spread=0.6)


def month() -> list[Answer]:
    chance = np.random.default_rng(3)
    whose = chance.permutation(np.repeat(np.arange(len(ASKED) * 10), np.repeat(ASKED, 10)))
    times = np.sort(chance.integers(0, MONTH_US - 1, len(whose)))
    times[0], times[-1] = 0, MONTH_US - 1
    return [
        Answer(FROM_US + at_us, f"c{who}", "m", Usage(100, 50))
        for at_us, who in zip(times.tolist(), whose.tolist(), strict=True)
    ]


TRACE = trace_of(month(), "test")


def scenario(plan: str, on: dict[str, str] | None = None) -> Scenario:
    return Scenario(
        name=plan, currency="USD", time_zone="UTC", plans=PLANS, plan=plan, sold=SOLD, on=on or {}
    )  # fmt: skip


def reacted(
    menu: tuple[str, ...], demand: Demand = DEMAND, today: Outcome | None = None, seed: int = 1
) -> tuple[Reacted, Outcome, Outcome]:
    one = scenario(menu[0])
    asked = replay(TRACE, one)
    made = react(TRACE, one, asked, today, menu, demand, seed)
    return made, asked, replay(made.trace, made.scenario)


def test_who_would_pay_anything_is_replayed_to_the_last_grain_as_without_reacting() -> None:
    made, asked, found = reacted(("flat",), KEEN)
    assert found == asked
    assert (made.reaction.left, made.reaction.less, made.reaction.asked_permille) == (0, 0, 1000)
    made, asked, found = reacted(("capped",), KEEN)
    assert found == asked  # a limit refuses; nobody need be told


def test_who_leaves_asks_and_pays_nothing_and_the_others_pay_their_fee() -> None:
    made, asked, found = reacted(("flat",))
    gone = [line for line in found.lines if not line.answers]
    assert 0 < len(gone) == made.reaction.left < len(found.lines)
    assert all(line.pays_grains == line.cost_grains == 0 for line in gone)
    assert found.total.fee_grains == (len(found.lines) - len(gone)) * FLAT.price.grains
    before = {line.customer: line for line in asked.lines}
    assert all(line == before[line.customer] for line in found.lines if line.answers)
    assert made.reaction.surplus_grains > 0


def test_a_price_by_the_answer_leaves_so_many_as_are_worth_it() -> None:
    made, asked, found = reacted(("metered",), msgspec.structs.replace(KEEN, worth=0.25))
    assert made.reaction.left == 0
    assert made.reaction.less == len(ASKED) * 10
    assert made.reaction.asked_permille == pytest.approx(600, abs=1)  # 1 - 10 cents / 25 cents
    assert found.total.answers == pytest.approx(0.6 * asked.total.answers, rel=0.05)
    assert found.total.charge_grains == found.total.answers * 10 * CENTS
    assert all(line.answers for line in found.lines)  # whoever stays is on the plan


def test_who_asks_less_asks_less_of_the_same() -> None:
    kept = []
    for worth in (0.15, 0.25, 0.5):
        made, _, _ = reacted(("metered",), msgspec.structs.replace(KEEN, worth=worth))
        kept.append({(int(at), int(who)) for block in made.trace.read()
                     for at, who in zip(block.at_us, block.customer, strict=True)})  # fmt: skip
    assert kept[0] < kept[1] < kept[2]


def test_customers_choose_what_is_best_for_them_of_several_plans() -> None:
    today = replay(TRACE, scenario("capped"))
    made, _, found = reacted(("flat", "capped"), msgspec.structs.replace(KEEN, worth=0.5), today)
    plans = {line.customer: line.plan for line in found.lines if line.answers}
    by_asked = {f"c{n}": ASKED[n // 10] for n in range(len(ASKED) * 10)}
    assert {plans[name] for name in plans if by_asked[name] >= 200} == {"flat"}
    assert {plans[name] for name in plans if by_asked[name] <= 20} == {"capped"}
    assert made.reaction.up == sum(plan == "flat" for plan in plans.values())
    assert made.reaction.down == 0
    sticky = msgspec.structs.replace(KEEN, worth=0.5, inertia=1e6)
    assert reacted(("flat", "capped"), sticky, today)[0].reaction.up == 0


def test_nobody_leaves_what_they_pay_for_today() -> None:
    today = replay(TRACE, scenario("flat"))
    made, _, _ = reacted(("flat",), msgspec.structs.replace(DEMAND, worth=1e-6), today)
    assert made.reaction.left == 0


def test_the_same_seed_is_the_same_reaction() -> None:
    first, again, other = (reacted(("flat",), seed=seed)[0].reaction for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_plans_are_tariffs_as_customers_see_them() -> None:
    asked = replay(TRACE, scenario("metered"))
    assert tariff_of(FLAT, asked) == Tariff(20.0)
    assert tariff_of(CAPPED, asked) == Tariff(8.0, 30.0)
    assert tariff_of(METERED, asked) == Tariff(0.0, 0.0, 0.1)
    money = msgspec.structs.replace(METERED, included=(Included("money", 10**9), Included("tokens", 1500)))
    assert tariff_of(money, asked) == Tariff(0.0, 20.0, 0.1)  # ten for a dollar, ten of 150 tokens
    year = msgspec.structs.replace(CAPPED, period="year", price=Money(120 * 10**9, "USD"))
    assert tariff_of(year, asked) == Tariff(10.0, 2.5)
    free = Outcome("", "", "USD", 0, MONTH_US, ())
    assert math.isinf(tariff_of(METERED, free).price)
