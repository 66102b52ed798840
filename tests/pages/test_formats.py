"""Money, counts and dates as docs/DESIGN.md writes them in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.identity.person import Language
from solvent.pages import formats
from solvent.values.instant import instant
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import Money, money
from solvent.values.period import zone

SEOUL = zone("Asia/Seoul")


@pytest.mark.parametrize(
    ("amount", "currency", "language", "wanted"),
    [
        ("12400", "KRW", "ko", "12,400원"),
        ("12400", "KRW", "en", "₩12,400"),
        ("0", "KRW", "ko", "0원"),
        ("0.75", "KRW", "ko", "0.75원"),
        ("12.06", "KRW", "ko", "12.1원"),
        ("1240.4", "KRW", "en", "₩1,240"),
        ("-320", "KRW", "ko", "\u2212320원"),
        ("-320", "KRW", "en", "\u2212\u200a₩320"),
        ("0.0042", "USD", "en", "$0.0042"),
        ("12.4", "USD", "ko", "$12.40"),
        ("-3", "USD", "en", "\u2212\u200a$3.00"),
        ("3", "CHF", "en", "CHF\u00a03.00"),
    ],
)
def test_amounts(amount: str, currency: str, language: Language, wanted: str) -> None:
    assert formats.money(money(amount, currency), language) == wanted


def test_a_small_amount_never_reads_as_nothing() -> None:
    assert formats.money(money("0.004", "KRW"), "ko", 2) == "<0.01원"
    assert formats.money(money("-0.004", "KRW"), "ko", 2) == "\u22120.0040원"


@given(st.integers(-GRAINS_MAX, GRAINS_MAX), st.sampled_from(["KRW", "USD", "JPY"]), st.sampled_from(["ko", "en"]))
def test_what_is_shown_is_within_half_a_step_of_the_amount(grains: int, currency: str, language: Language) -> None:
    amount = Money(grains, currency)
    shown = formats.money(amount, language)
    digits = "".join(letter for letter in shown if letter.isdigit() or letter == ".")
    decimals = len(digits.partition(".")[2])
    back = money(digits, currency).grains
    step = money("1", currency).grains // 10**decimals
    assert abs(abs(grains) - back) * 2 <= step
    assert (formats.MINUS in shown) == (grains < 0)
    assert (digits.strip("0.") == "") == (grains == 0)


def test_days_and_moments_and_how_long_it_took() -> None:
    at_us = instant("2026-11-23T05:32:00Z", "at")
    assert formats.moment(at_us, SEOUL, "ko") == "11월 23일 월요일 14:32"
    assert formats.moment(at_us, SEOUL, "en") == "Mon 23 Nov, 14:32"
    assert formats.day(instant("2026-11-30T15:00:00Z", "at"), SEOUL, "ko") == "12월 1일"
    assert formats.day(instant("2026-11-30T15:00:00Z", "at"), SEOUL, "en", year=True) == "1 December 2026"
    assert (formats.seconds(6_800_000, "ko"), formats.seconds(6_840_000, "en")) == ("6.8초", "6.8 s")
    assert formats.seconds(42_000, "en") == "42 ms"


def test_shares() -> None:
    assert (formats.percent(45, 100), formats.percent(-1, 3), formats.percent(1, 0)) == ("45.0%", "\u221233.3%", "–")
    assert formats.count(-3451) == "\u22123,451"
