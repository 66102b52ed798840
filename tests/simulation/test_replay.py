"""A replayed trace: who pays what, what it costs, and what is refused by name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.included import Included
from solvent.billing.limits import BudgetRule, Limits
from solvent.billing.plan import Plan, net_price
from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import Hours, RateCard
from solvent.simulation.outcome import change, losers
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Scenario, Share, Sold
from solvent.simulation.trace import Answer, Served, Trace, trace_of
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.money import Money, grains_per_unit
from solvent.values.usage import Usage

START = instant("2026-11-01", "a test")
HOUR = 3_600_000_000
DAY = 24 * HOUR
DOLLAR = grains_per_unit("USD")
USAGE = Usage(input_tokens=1_000, output_tokens=1_000)
PRICE = RateCard("price", "USD", 0, "", input_picos=1_000_000, output_picos=3_000_000)  # 0.4 cents for USAGE
COST = RateCard("cost", "USD", 0, "", input_picos=500_000, output_picos=1_500_000)
EACH = 4_000_000  # grains
FREE = Plan(name="free", price=Money(0, "USD"), included=(Included("answers", 2),), beyond="stop")
PLUS = Plan(
    name="plus", price=Money(20 * DOLLAR, "USD"), included=(Included("money", EACH * 5 // 2),), beyond="overage",
    overage_most=Money(EACH, "USD"),
)  # fmt: skip


def scenario(on_it: Plan, **more: Any) -> Scenario:
    sold = {"m": Sold((PRICE,), (COST,)), "small": Sold((msgspec.structs.replace(PRICE, output_picos=0),), (COST,))}
    return Scenario(
        **{"name": "s", "currency": "USD", "time_zone": "UTC", "plans": {on_it.name: on_it}, "plan": on_it.name,
        "sold": sold} | more
    )  # fmt: skip


def asked(*at_us: int, customer: str = "kim", model: str = "m") -> list[Answer]:
    return [Answer(START + at, customer, model, USAGE) for at in at_us]


def test_a_free_plan_stops_at_its_quota_and_begins_anew_each_month() -> None:
    trace = trace_of(asked(0, 1, 2, 31 * DAY), "t")
    (line,) = replay(trace, scenario(FREE)).lines
    assert (line.answers, line.refused, line.periods) == (3, 1, 2)
    assert (line.charge_grains, line.included_grains, line.cost_grains) == (0, 3 * EACH, 3 * EACH // 2)
    assert line.margin_grains == -3 * EACH // 2


def test_what_is_included_in_money_is_shared_with_the_line_of_credit_to_the_grain() -> None:
    (line,) = replay(trace_of(asked(0, 1, 2, 30 * DAY - 1), "t"), scenario(PLUS)).lines
    assert (line.answers, line.refused) == (3, 1)
    assert (line.included_grains, line.charge_grains, line.on_account_grains) == (EACH * 5 // 2, EACH // 2, EACH // 2)
    assert (line.fee_grains, line.earned_grains) == (20 * DOLLAR, net_price(PLUS).grains)


def test_a_plan_asks_what_falls_on_the_days_that_are_replayed() -> None:
    trace = trace_of(asked(0, 40 * DAY) + asked(41 * DAY, customer="lee"), "t")  # 42 days: November, 12 of December's
    kim, lee = replay(trace, scenario(PLUS)).lines
    supply = 1818 * 10**7  # 20.00 less its VAT, in whole cents as invoices have it
    of_december = round(Fraction(supply * 12, 31))
    assert (kim.periods, kim.revenue_grains, kim.fee_grains) == (2, supply + of_december, _share(20 * DOLLAR, 43, 31))
    assert (lee.periods, lee.revenue_grains, lee.fee_grains) == (1, of_december, round(Fraction(20 * DOLLAR * 12, 31)))
    assert (kim.months, lee.months) == (1 + 12 / 31, 12 / 31)
    thirty = msgspec.structs.replace(trace, span_us=(START - 15 * DAY, START + 15 * DAY), until_us=START + DAY)
    (line, _) = replay(_first(thirty), scenario(PLUS)).lines
    assert (line.periods, line.revenue_grains) == (1, round(Fraction(supply * 30, 31)))  # of October 17 to November 17


def _share(grains: int, of: int, whole: int) -> int:
    return round(Fraction(grains * of, whole))


def _first(trace: Trace) -> Trace:
    return msgspec.structs.replace(trace, read=lambda: (block.rows(np.arange(1)) for block in trace.read()))


def test_answers_are_rated_as_they_were_served() -> None:
    other = msgspec.structs.replace(COST, name="other", input_picos=2_000_000)
    flex = msgspec.structs.replace(PRICE, variant="flex", output_picos=1_000_000)
    sold = {"m": Sold((msgspec.structs.replace(PRICE, tariffs=(flex,)),), (COST,), other_costs={"other": (other,)})}
    plan = msgspec.structs.replace(PLUS, beyond="wallet", overage_most=None, included=())
    ways = (
        (Served(), EACH, EACH // 2),
        (Served(price_as="flex", cost_as="flex"), EACH // 2, EACH // 2),  # a card without the tariff is plain
        (Served(price_as="batch500"), EACH // 2, EACH // 2),
        (Served(cost_card="other"), EACH, 3_500_000),
        (Served(cost_card="gone"), EACH, EACH // 2),
        (Served(is_due=False), 0, EACH // 2),
        (Served(is_owed=False), EACH, 0),
    )
    for how, price, cost in ways:
        one = Answer(START, "kim", "m", USAGE, served=how, unread=100, lost_grains=7)
        outcome = replay(trace_of([one], "t"), scenario(plan, sold=sold))
        each = 200_000 if how.cost_card == "other" else 50_000
        found = (outcome.total.charge_grains, outcome.total.cost_grains)
        assert found == (price, cost + 7 + (each if how.is_owed else 0)), how
        assert any("'gone'" in note for note in outcome.notes) == (how.cost_card == "gone")
        moved = scenario(plan, sold=sold | {"n": Sold((PRICE,), (COST,))}, shares=(Share("m", "n", 1000),))
        total = replay(trace_of([one], "t"), moved).total
        half = 2 if how.price_as == "batch500" else 1
        assert total.charge_grains == (EACH // half if how.is_due else 0)
        assert total.cost_grains == (EACH // 2 + 50_000 if how.is_owed else 0)  # by its own card, with nothing lost


def test_what_failed_costs_and_is_no_answer() -> None:
    trace = msgspec.structs.replace(trace_of(asked(0), "t"), failed_grains={"kim": 5})
    (line,) = replay(trace, scenario(FREE)).lines
    assert (line.answers, line.cost_grains) == (1, EACH // 2 + 5)


def test_shares_route_and_cached_reads_from_a_cache_and_neither_hangs_on_blocks() -> None:
    trace = trace_of(asked(*range(0, 1000 * HOUR, HOUR)), "t")
    plan = msgspec.structs.replace(PLUS, beyond="wallet", overage_most=None, included=())
    half = scenario(plan, shares=(Share("m", "small", 500),))
    total = replay(trace, half).total
    moved = (1000 * EACH - total.charge_grains) // 3_000_000
    assert 440 <= moved <= 560
    assert replay(trace, half) == replay(trace, half)
    cached = scenario(plan, cached_permille=250)
    assert replay(trace, cached).total.charge_grains == 1000 * (750_000 + 3_000_000)  # cached is not priced here


def test_prices_are_those_of_the_instant_and_hour_and_costs_are_exchanged() -> None:
    later = msgspec.structs.replace(PRICE, valid_from_us=START + DAY, input_picos=5_000_000)
    night = msgspec.structs.replace(PRICE, input_picos=0)
    first = msgspec.structs.replace(PRICE, hours=(Hours(22 * 60, 2 * 60, night),))
    won = msgspec.structs.replace(COST, currency="KRW", input_picos=700_000_000, output_picos=0)
    rates = tuple(Exchange("KRW", "USD", 1, each, since, "") for each, since in ((1_400, 0), (700, START + DAY)))
    plan = msgspec.structs.replace(PLUS, beyond="wallet", overage_most=None, included=())
    found = scenario(plan, sold={"m": Sold((first, later), (won,))}, exchanges=rates)
    outcome = replay(trace_of(asked(HOUR, 3 * HOUR, DAY), "t"), found)
    assert outcome.total.charge_grains == 3_000_000 + 4_000_000 + 8_000_000
    assert outcome.total.cost_grains == 500_000 + 500_000 + 1_000_000


def test_a_hard_budget_of_a_customer_or_a_plan_refuses_in_the_order_of_time() -> None:
    limits = Limits(budgets=(BudgetRule("customer", "day", "answers", 2), BudgetRule("plan", "month", "answers", 4)))
    plan = msgspec.structs.replace(FREE, included=(Included("answers", 100),), limits=limits)
    events = asked(0, 1, 2, DAY) + asked(2 * DAY, 2 * DAY + 1, customer="lee")
    outcome = replay(trace_of(events, "t"), scenario(plan))
    assert [(line.answers, line.refused) for line in outcome.lines] == [(3, 1), (1, 1)]


def test_who_gains_and_who_loses() -> None:
    trace = trace_of(asked(0) + asked(1, 2, 30 * DAY - 1, customer="lee"), "t")
    wallet = msgspec.structs.replace(PLUS, beyond="wallet", overage_most=None, included=())
    before, after = replay(trace, scenario(FREE)), replay(trace, scenario(wallet, on={"kim": "plus"}))
    found = change(before, after)
    assert (found.pay_more, found.pay_less, found.same) == (2, 0, 0)
    assert found.quantiles[0] == (0, 20 * DOLLAR + EACH)
    assert found.quantiles[-1] == (1000, 20 * DOLLAR + 3 * EACH)
    assert [line.customer for line in losers(before)] == ["lee", "kim"]


def test_the_load_is_counted_by_the_hour_of_the_day() -> None:
    outcome = replay(trace_of(asked(*range(0, HOUR, 1_000_000), DAY), "t"), scenario(FREE))
    assert [hour.hour for hour in outcome.hours] == list(range(24))
    assert outcome.hours[0].answers == 500  # 3,601 in two days
    assert outcome.hours[0].answers_peak == 1000
    assert outcome.hours[0].tokens_peak == 1_000_000


@pytest.mark.parametrize(
    ("more", "events", "named"),
    [
        ({"plan": "gold"}, asked(0), "no plan 'gold'"),
        ({"sold": {}}, asked(0), "asks model 'm'"),
        ({}, asked(0, model="new"), "asks model 'new'"),
        ({"cached_permille": 1001}, asked(0), "1001 thousandths"),
        ({"shares": (Share("m", "other", 5),)}, asked(0), "no model 'other'"),
        ({"shares": (Share("m", "small", 600), Share("m", "small", 600))}, asked(0), "sum to 1000"),
        ({"currency": "KRW"}, asked(0), "is in USD and the books in KRW"),
        ({"sold": {"m": Sold((), (COST,))}}, asked(0), "no price of m"),
        ({"sold": {"m": Sold((PRICE,), (msgspec.structs.replace(COST, currency="KRW"),))}}, asked(0), "exchange rate"),
    ],
)
def test_what_is_missing_is_named(more: dict[str, Any], events: list[Answer], named: str) -> None:
    with pytest.raises(Invalid, match=named):
        replay(trace_of(events, "t"), scenario(FREE, **more))


@given(st.lists(st.tuples(st.integers(0, 90 * DAY), st.sampled_from("abc")), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_blocks_of_any_size_come_to_the_same(events: list[tuple[int, str]]) -> None:
    events.sort()
    trace = trace_of([Answer(START + at, who, "m", USAGE) for at, who in events], "t")
    small = msgspec.structs.replace(trace, read=lambda: (piece for block in trace.read() for piece in _split(block)))
    for plan in (FREE, PLUS):
        assert replay(small, scenario(plan)) == replay(trace, scenario(plan))


def _split(block: Any) -> Any:
    for first in range(0, block.answers, 3):
        rows = slice(first, first + 3)
        used = {bucket: column[rows] for bucket, column in block.used.items()}
        yield type(block)(block.at_us[rows], block.customer[rows], block.model[rows], used)
