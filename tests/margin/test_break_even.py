"""Break-even, against the worked numbers of ECONOMICS 1.8."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.plan import Plan, net_price
from solvent.margin.break_even import break_even, free_subsidy
from solvent.values.money import Money, money

NONE = Money(0, "USD")


@pytest.mark.parametrize(
    ("net", "cents_each", "answers"),
    [("19.12", "5", 382), ("17.50", "5", 350), ("12.73", "5", 254), ("19.12", "2", 956), ("17.50", "2", 875),
     ("12.73", "2", 636), ("17.50", "17.5", 100)],
)  # fmt: skip
def test_so_many_answers_a_month_does_a_price_pay_for(net: str, cents_each: str, answers: int) -> None:
    """facts/ECONOMICS.md 1.8; it rounds 254.6 up, we count whole answers that are paid for."""
    cost = Money(money(cents_each, "USD").grains * 1_000 // 100, "USD")  # of a thousand answers
    found = break_even("pro", money(net, "USD"), NONE, NONE, cost, 1_000)
    assert found.answers_month == answers
    assert found.cost_per_answer_grains == cost.grains // 1_000


def test_from_the_price_on_the_label_to_the_answers_it_pays_for() -> None:
    net = net_price(Plan(name="pro", price=money("20", "USD"), tax_permille=100, fee_permille=34))
    for cents, answers in ((5, 350), (2, 875)):
        assert break_even("pro", net, NONE, NONE, Money(cents * 10**7, "USD"), 1).answers_month == answers


def test_free_customers_are_paid_for_by_those_who_pay() -> None:
    """12.50 dollars of free answers for each payer leave room for 100 answers at 5 cents (ECONOMICS 1.8)."""
    subsidy = free_subsidy(money("125", "USD"), 10)
    assert subsidy == money("12.50", "USD")
    assert break_even("pro", money("17.50", "USD"), subsidy, NONE, money("0.05", "USD"), 1).answers_month == 100
    assert (
        break_even("pro", money("17.50", "USD"), NONE, money("12.50", "USD"), money("0.05", "USD"), 1).answers_month
        == 100
    )


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10**6),
)
@settings(deadline=None, max_examples=300)
def test_the_last_answer_still_pays_and_the_next_does_not(
    net: int, free: int, fixed: int, cost: int, answers: int
) -> None:
    found = break_even("p", Money(net, "KRW"), Money(free, "KRW"), Money(fixed, "KRW"), Money(cost, "KRW"), answers)
    left = max(0, net - free - fixed)
    if not cost:
        assert found.answers_month is None
    elif not answers:
        assert found.answers_month in (0, None)  # cost without an answer: failed questions only
    else:
        assert found.answers_month is not None
        each = Fraction(cost, answers)
        assert found.answers_month * each <= left < (found.answers_month + 1) * each


def test_what_cost_nothing_has_no_break_even() -> None:
    for answers in (0, 7):
        assert break_even("p", money("10", "USD"), NONE, NONE, NONE, answers).answers_month is None
    assert break_even("p", money("10", "USD"), NONE, NONE, NONE, 0).cost_per_answer_grains is None


def test_cost_of_failed_questions_alone_says_nothing_of_break_even() -> None:
    """Money went, no answer came: how many answers a price pays for is unknown, not zero."""
    assert break_even("p", money("10", "USD"), NONE, NONE, money("1", "USD"), 0).answers_month is None


def test_a_plan_that_does_not_even_pay_its_fixed_cost_breaks_even_never() -> None:
    assert break_even("p", money("1", "USD"), money("2", "USD"), NONE, money("1", "USD"), 10).answers_month == 0


@given(st.integers(0, 10**15), st.integers(-3, 10**6))
@settings(deadline=None)
def test_the_subsidy_covers_all_of_it(cost: int, payers: int) -> None:
    each = free_subsidy(Money(cost, "KRW"), payers).grains
    if payers <= 0:
        assert each == 0
    else:
        assert 0 <= each * payers - cost < payers
