"""Exchange rates are exact, dated and above zero."""

from __future__ import annotations

from fractions import Fraction

import pytest

from solvent.pricing.exchange import Exchange, exchange, exchange_at
from solvent.values.errors import Invalid
from solvent.values.instant import instant


def test_a_rate_is_read_exactly() -> None:
    read = exchange("USD", "KRW", "1385.50", "2026-11-01", "basic rate", "exchanges[0]")
    assert Fraction(read.numerator, read.denominator) == Fraction(2771, 2)
    assert read.valid_from_us == instant("2026-11-01", "from")


@pytest.mark.parametrize(
    ("base", "quote", "rate", "since", "code"),
    [
        ("USD", "KRW", "0", "2026-11-01", "bad_exchange"),
        ("USD", "KRW", "-1", "2026-11-01", "bad_exchange"),
        ("USD", "KRW", "1,385", "2026-11-01", "not_a_decimal"),
        ("USD", "KRW", "1e3", "2026-11-01", "not_a_decimal"),
        ("USD", "KRW", "1385", "last week", "not_a_date"),
        ("BTC", "KRW", "1385", "2026-11-01", "unknown_currency"),
        ("USD", "won", "1385", "2026-11-01", "unknown_currency"),
    ],
)
def test_a_malformed_rate_is_refused(base: str, quote: str, rate: str, since: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        exchange(base, quote, rate, since, "", "exchanges[3]")
    assert caught.value.code == code


def test_the_newest_rate_already_valid_is_taken() -> None:
    rates = [Exchange("USD", "KRW", n, 1, at_us, "") for n, at_us in ((1_400, 20), (1_300, 0), (1_500, 30))]
    rates.append(Exchange("KRW", "USD", 1, 1_400, 0, ""))
    found = [exchange_at(rates, "USD", "KRW", at_us) for at_us in (-1, 0, 19, 20, 29, 30, 10**18)]
    assert [rate and rate.numerator for rate in found] == [None, 1_300, 1_300, 1_400, 1_400, 1_500, 1_500]


def test_a_rate_is_never_turned_around() -> None:
    assert exchange_at([Exchange("USD", "KRW", 1_400, 1, 0, "")], "KRW", "USD", 1) is None
