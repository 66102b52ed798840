"""Money: exact in, exact out, and nothing that looks like money by accident."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import (
    MINOR_DIGITS,
    PICOS_PER_UNIT,
    Money,
    decimal,
    grains_per_unit,
    minor_digits,
    minor_units,
    money,
    of_minor_units,
    picos_per_grain,
    plain,
    round_half_even,
)

CURRENCIES = sorted(MINOR_DIGITS)
GRAINS = st.integers(-GRAINS_MAX, GRAINS_MAX)


@given(GRAINS, st.sampled_from(CURRENCIES))
@settings(deadline=None)
def test_every_amount_survives_the_wire(grains: int, currency: str) -> None:
    amount = Money(grains, currency)
    assert money(plain(amount), currency) == amount


@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_currency_has_a_grain_of_a_ten_millionth_of_its_minor_unit(currency: str) -> None:
    assert grains_per_unit(currency) == 10 ** (7 + minor_digits(currency))
    assert grains_per_unit(currency) * picos_per_grain(currency) == PICOS_PER_UNIT
    assert money("1", currency) == Money(grains_per_unit(currency), currency)
    assert plain(Money(1, currency)) == "0." + "0" * (6 + minor_digits(currency)) + "1"


@pytest.mark.parametrize(
    ("grains", "currency", "text"),
    [
        (0, "USD", "0"),
        (1, "USD", "0.000000001"),
        (-1, "KRW", "-0.0000001"),
        (12_500_000_000, "USD", "12.5"),
        (-10_000_000, "KRW", "-1"),
        (9_900 * 10**7, "KRW", "9900"),
        (GRAINS_MAX, "USD", "9223372036.854775807"),
        (-GRAINS_MAX, "JPY", "-922337203685.4775807"),
    ],
)
def test_an_amount_is_written_without_trailing_zeros(grains: int, currency: str, text: str) -> None:
    assert plain(Money(grains, currency)) == text


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**25))
@settings(deadline=None)
def test_rounding_is_half_to_even_as_fractions_have_it(numerator: int, denominator: int) -> None:
    assert round_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**20), 10**20))
@settings(deadline=None)
def test_ties_go_to_the_even_neighbour_as_decimals_have_it(halves: int) -> None:
    with localcontext(prec=60):
        expected = (Decimal(halves) / 2).quantize(Decimal(1), ROUND_HALF_EVEN)
    assert round_half_even(halves, 2) == int(expected)


def test_rounding_refuses_to_divide_by_less_than_one() -> None:
    for denominator in (0, -1):
        with pytest.raises(AssertionError):
            round_half_even(1, denominator)


@pytest.mark.parametrize("currency", ["usd", "XXX", "", "US", "KRW ", "원"])
def test_an_unknown_currency_is_never_guessed(currency: str) -> None:
    for ask in (minor_digits, grains_per_unit, picos_per_grain, lambda code: money("1", code)):
        with pytest.raises(Invalid) as caught:
            ask(currency)
        assert caught.value.code == "unknown_currency"
        assert repr(currency) in caught.value.message


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.0000000001", "USD"), ("0.00000001", "KRW"), ("-1.00000000001", "EUR")]
)
def test_an_amount_finer_than_a_grain_is_refused_not_rounded(amount: str, currency: str) -> None:
    with pytest.raises(Invalid) as caught:
        money(amount, currency, "grant")
    assert (caught.value.code, caught.value.param) == ("amount_too_fine", "grant")


@given(st.sampled_from(CURRENCIES), st.integers(1, 10**9), st.sampled_from([1, -1]))
@settings(deadline=None)
def test_an_amount_past_the_column_is_refused(currency: str, beyond: int, sign: int) -> None:
    amount = plain(Money(sign * (GRAINS_MAX + beyond), currency))
    with pytest.raises(Invalid) as caught:
        money(amount, currency)
    assert caught.value.code == "amount_too_large"


NOT_DECIMALS = [
    "", " ", "-", ".", "1.", ".5", "+1", "--1", "1e3", "1E-3", "0x10", "1_000", "1,000", "1.2.3", " 1", "1 ", "1\n",
    "NaN", "inf", "-inf", "Infinity", "١", "1.٥", "²", "½", "12.5 USD", "None", "True", "0" * 41, "\x00", "1-",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_DECIMALS)
def test_what_is_not_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        money(text, "USD", "amount")
    assert (caught.value.code, caught.value.param) == ("not_a_decimal", "amount")


@given(st.text(max_size=50))
@settings(deadline=None)
def test_any_text_is_read_exactly_or_refused(text: str) -> None:
    read: Fraction | None
    try:
        read = decimal(text, "price")
    except Invalid as wrong:
        read, refused = None, wrong
    if read is not None:
        assert read == Fraction(text)
    else:
        assert (refused.code, refused.param) == ("not_a_decimal", "price")
        assert len(refused.message) < 250


@given(GRAINS, GRAINS)
@settings(deadline=None)
def test_amounts_of_one_currency_add_compare_and_negate_as_numbers(a: int, b: int) -> None:
    left, right = Money(a, "KRW"), Money(b, "KRW")
    assert (left + right, left - right, -left) == (Money(a + b, "KRW"), Money(a - b, "KRW"), Money(-a, "KRW"))
    assert (left < right, left <= right, left > right, left >= right) == (a < b, a <= b, a > b, a >= b)
    assert (left == right) == (a == b)
    assert min(left, right).grains == min(a, b)


def test_currencies_never_mix() -> None:
    won, dollar = Money(1, "KRW"), Money(1, "USD")
    for mix in (
        lambda: won + dollar,
        lambda: won - dollar,
        lambda: won < dollar,
        lambda: won <= dollar,
        lambda: won > dollar,
        lambda: won >= dollar,
    ):
        with pytest.raises(ValueError, match="cannot mix"):
            mix()
    assert won != dollar


def test_an_amount_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Money(1, "USD").grains = 2  # type: ignore[misc]


@given(st.integers(-GRAINS_MAX // 10**7 + 1, GRAINS_MAX // 10**7), st.sampled_from(CURRENCIES))
def test_minor_units_come_and_go_exactly(count: int, currency: str) -> None:
    amount = of_minor_units(count, currency)
    assert minor_units(amount) == count
    assert amount == money(f"{Decimal(count).scaleb(-minor_digits(currency)):f}", currency)


@given(GRAINS, st.sampled_from(CURRENCIES))
def test_what_is_not_whole_is_never_rounded_away(grains: int, currency: str) -> None:
    if grains % 10**7:
        with pytest.raises(Invalid, match="cannot be paid"):
            minor_units(Money(grains, currency))
    else:
        assert of_minor_units(minor_units(Money(grains, currency)), currency) == Money(grains, currency)


def test_a_won_has_no_smaller_coin_and_a_dollar_has_cents() -> None:
    assert minor_units(money("10000", "KRW")) == 10_000
    assert minor_units(money("10.05", "USD")) == 1_005
    with pytest.raises(Invalid, match="KRW has no decimals"):
        minor_units(money("10.5", "KRW"))
    with pytest.raises(Invalid):
        of_minor_units(10**12, "KRW")
    with pytest.raises(Invalid):
        of_minor_units(1, "XXX")
