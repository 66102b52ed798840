"""Break-even of an outcome: the margin room's formula, prices that leave nothing, and intervals around both."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.billing.plan import Plan, net_of
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.pays_for import pays_for
from solvent.values.money import Money

MONTH_US = int(30.4375 * 86_400 * 10**6)
PLAN = Plan(name="plus", price=Money(20 * 10**9, "USD"), fixed_month=Money(10**9, "USD"))
YEAR = msgspec.structs.replace(PLAN, name="year", price=Money(240 * 10**9, "USD"), period="year")
FREE = Plan(name="free", price=Money(0, "USD"))
PLANS = {plan.name: plan for plan in (PLAN, YEAR, FREE)}
EARNED = net_of(PLAN, PLAN.price).grains - 10**9


def line(name: str, answers: int, cost: int, charge: int = 0, periods: int = 1) -> CustomerLine:
    fee = PLAN.price.grains * periods
    return CustomerLine(
        name, "plus", answers, 0, 1, periods, fee, EARNED * periods, charge, 0, 0, cost, months=periods
    )  # fmt: skip


def outcome(*lines: CustomerLine, months: int = 1) -> Outcome:
    return Outcome("plus", "test", "USD", 0, months * MONTH_US, lines)


def test_the_price_pays_for_so_many_answers() -> None:
    (found,) = pays_for(outcome(*(line(str(n), 100, 100 * 5 * 10**7) for n in range(50))), PLANS)
    assert found.answers_month is not None
    assert found.answers_month.usual == EARNED // (5 * 10**7)  # 5 cents an answer
    assert found.answers_month.low == found.answers_month.usual  # all customers alike: nothing to be unsure of
    assert found.beyond == 0


def test_free_answers_are_paid_by_those_who_pay() -> None:
    free = CustomerLine("free", "free", 10, 0, 1, 1, 0, 0, 0, 0, 0, 4 * 10**9)
    with_free, without = (
        pays_for(outcome(line("a", 100, 10**9), line("b", 100, 10**9), *more), PLANS)[0] for more in ((free,), ())
    )
    assert with_free.answers_month is not None
    assert with_free.answers_month.usual == (EARNED - 2 * 10**9) * 200 // (2 * 10**9)
    assert with_free.price_grains.usual > without.price_grains.usual


@given(
    answers=st.lists(st.integers(1, 3000), min_size=2, max_size=30), each=st.integers(10**5, 10**8),
    months=st.integers(1, 3),
)  # fmt: skip
def test_at_the_break_even_price_nothing_is_left(answers: list[int], each: int, months: int) -> None:
    lines = [line(str(n), count * months, count * months * each, periods=months) for n, count in enumerate(answers)]
    (found,) = pays_for(outcome(*lines, months=months), PLANS)
    price = found.price_grains
    left = (net_of(PLAN, Money(price.usual, "USD")).grains - 10**9) * months * len(lines)
    assert left == pytest.approx(sum(one.cost_grains for one in lines), rel=1e-6, abs=300)
    assert price.low <= price.usual <= price.high
    assert found.answers_month is not None
    assert found.beyond == sum(count > found.answers_month.usual for count in answers)


def test_a_year_is_looked_at_by_the_month() -> None:
    of_month = line("a", 100, 10**9)
    of_year = msgspec.structs.replace(of_month, plan="year", period_months=12)  # a twelfth of its fee falls on it
    month, year = (pays_for(outcome(one), PLANS)[0] for one in (of_month, of_year))
    assert month.answers_month == year.answers_month
    assert year.price_grains.usual == pytest.approx(12 * month.price_grains.usual, rel=1e-9)


def test_answers_that_pay_for_themselves_have_no_break_even_and_free_plans_none() -> None:
    (found,) = pays_for(outcome(line("a", 10, 10**9, charge=2 * 10**9)), PLANS)
    assert found.answers_month is None
    free = CustomerLine("free", "free", 10, 0, 1, 1, 0, 0, 0, 0, 0, 4)
    assert pays_for(outcome(free), PLANS) == ()


def test_few_customers_make_a_wide_interval() -> None:
    def spread(copies: int) -> float:
        lines = [line(f"{n}{c}", 10 * (n + 1) ** 2, 10**9) for n in range(5) for c in range(copies)]
        price = pays_for(
            outcome(*(msgspec.structs.replace(one, cost_grains=one.answers * 10**8) for one in lines)), PLANS
        )
        return (price[0].price_grains.high - price[0].price_grains.low) / price[0].price_grains.usual

    assert spread(1) > 2 * spread(40)
