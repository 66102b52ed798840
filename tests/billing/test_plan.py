"""Plans: what is left of a price after tax and fee, as the books of ECONOMICS 1.8 have it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.plan import Plan, net_price
from solvent.values.money import Money, money

NOTHING = Money(0, "USD")


def plan(price: Money, tax: int, fee: int) -> Plan:
    return Plan("p", price, Money(0, price.currency), tax, fee)


def test_twenty_dollars_with_korean_tax_inside_and_a_fee_of_34_permille_leave_17_50() -> None:
    """facts/ECONOMICS.md 1.8: 20 / 1.1 - 0.034 x 20 = 17.50."""
    net = net_price(plan(money("20", "USD"), 100, 34))
    assert net.grains == round((Fraction(20) / Fraction(11, 10) - Fraction(34, 1000) * 20) * 10**9)
    assert round(Fraction(net.grains, 10**9), 2) == Fraction("17.50")


@pytest.mark.parametrize(
    ("price", "currency", "tax", "fee", "net"),
    [
        ("11000", "KRW", 100, 0, "10000"),
        ("9900", "KRW", 100, 0, "9000"),
        ("9900", "KRW", 100, 34, "8663.4"),
        ("20", "USD", 0, 29, "19.42"),  # Stripe in the US also keeps 0.30: that is in fixed_month
        ("20", "USD", 0, 0, "20"),
        ("0", "USD", 100, 34, "0"),
    ],
)
def test_worked_examples(price: str, currency: str, tax: int, fee: int, net: str) -> None:
    assert net_price(plan(money(price, currency), tax, fee)) == money(net, currency)


@given(st.integers(0, 10**15), st.integers(0, 300), st.integers(0, 400))
@settings(deadline=None)
def test_the_net_price_is_exact_and_rounded_once(grains: int, tax: int, fee: int) -> None:
    exact = Fraction(grains * 1000, 1000 + tax) - Fraction(grains * fee, 1000)
    assert net_price(plan(Money(grains, "KRW"), tax, fee)) == Money(round(exact), "KRW")


def test_a_plan_is_korean_unless_it_says_otherwise() -> None:
    assert (Plan("p", NOTHING, NOTHING).tax_permille, Plan("p", NOTHING, NOTHING).fee_permille) == (100, 34)
