"""Plans: what they cost with seats, and what is left of a price after tax and fee (ECONOMICS 1.8)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.included import Included
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan, Seats, fee, is_free, net_price, net_price_month, pack_named, seats_fee, terms
from solvent.values.money import Money, money

NOTHING = Money(0, "USD")


def plan(price: Money, tax: int, fee: int) -> Plan:
    return Plan(name="p", price=price, tax_permille=tax, fee_permille=fee)


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


@given(st.integers(0, 10**15), st.integers(0, 300), st.integers(0, 400))
@settings(deadline=None)
def test_a_month_of_a_year_is_a_twelfth_of_it(grains: int, tax: int, fee: int) -> None:
    year = Plan(name="p", price=Money(grains, "KRW"), period="year", tax_permille=tax, fee_permille=fee)
    exact = (Fraction(grains * 1000, 1000 + tax) - Fraction(grains * fee, 1000)) / 12
    assert net_price_month(year) == Money(round(exact), "KRW")
    month = plan(Money(grains, "KRW"), tax, fee)
    assert net_price_month(month) == net_price(month)


def test_a_plan_is_korean_unless_it_says_otherwise() -> None:
    assert (Plan(name="p", price=NOTHING).tax_permille, Plan(name="p", price=NOTHING).fee_permille) == (100, 34)


@pytest.mark.parametrize(("seats", "further"), [(1, 0), (3, 0), (4, 1), (10, 7)])
def test_seats_beyond_those_included_cost_more(seats: int, further: int) -> None:
    team = Plan(name="team", price=money("30", "USD"), seats=Seats(3, money("8", "USD"), 50))
    assert seats_fee(team, seats) == money(str(8 * further), "USD")
    assert fee(team, seats) == money(str(30 + 8 * further), "USD")
    assert fee(Plan(name="solo", price=money("30", "USD")), seats) == money("30", "USD")


def test_a_free_plan_is_one_that_gives_something_for_nothing() -> None:
    gift = (Included("answers", 5),)
    assert is_free(Plan(name="free", price=NOTHING, included=gift))
    assert not is_free(Plan(name="pay-as-you-go", price=NOTHING))
    assert not is_free(Plan(name="plus", price=money("1", "USD"), included=gift))


def test_versions_of_the_same_terms_are_the_same_offer() -> None:
    first = Plan(name="p", price=NOTHING, version=1)
    assert terms(first) == terms(Plan(name="p", price=NOTHING, version=9))
    assert terms(first) != terms(Plan(name="p", price=NOTHING, grace_days=9))


def test_a_pack_is_found_by_its_name() -> None:
    pack = Pack("ten", money("1", "USD"), Included("answers", 10), 30)
    with_pack = Plan(name="p", price=NOTHING, packs=(pack,))
    assert pack_named(with_pack, "ten") == pack
    assert pack_named(with_pack, "eleven") is None
