"""Money as whole grains: 10^-7 of a currency's minor unit, so that one column holds any currency.

A grain is a nano-dollar or a ten-millionth of a won: 64 bits hold 9.2 billion dollars or 920 billion
won, and the cheapest token still costs more than nothing. No float ever enters this file.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import msgspec

from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX

GRAINS_PER_MINOR_UNIT: Final = 10**7
PICOS_PER_UNIT: Final = 10**12

# Source: ISO 4217 (List One, 2024): digits after the decimal point of each currency.
MINOR_DIGITS: Final = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "EUR": 2, "GBP": 2, "HKD": 2, "IDR": 2, "INR": 2,
    "JPY": 0, "KRW": 0, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2, "SEK": 2, "SGD": 2, "THB": 2, "TRY": 2,
    "TWD": 2, "USD": 2, "VND": 0,
}  # fmt: skip


# What people write before or after an amount instead of the code.
SIGNS: Final = {"KRW": "₩", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

_PICOS_PER_GRAIN: Final[dict[str, int]] = {
    currency: PICOS_PER_UNIT // (GRAINS_PER_MINOR_UNIT * 10**digits) for currency, digits in MINOR_DIGITS.items()
}
_DIGITS: Final = {currency: 7 + digits for currency, digits in MINOR_DIGITS.items()}  # of a unit in grains


class Money(msgspec.Struct, frozen=True, order=False):
    """A signed amount of one currency.

    grains: whole grains, at most GRAINS_MAX either way.
    currency: ISO 4217 code, upper case, one of MINOR_DIGITS.
    """

    grains: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._demand_same_currency(other)
        return Money(self.grains + other.grains, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._demand_same_currency(other)
        return Money(self.grains - other.grains, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.grains, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._demand_same_currency(other)
        return self.grains < other.grains

    def __le__(self, other: Money) -> bool:
        self._demand_same_currency(other)
        return self.grains <= other.grains

    def _demand_same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}; exchange one of them first")


def minor_digits(currency: str) -> int:
    """Digits people write after the decimal point: 0 for KRW, 2 for USD.

    Raises Invalid for a currency we do not know, since a wrong guess is wrong by a factor of 100.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        known = " ".join(sorted(MINOR_DIGITS))
        raise Invalid("unknown_currency", f"currency {currency!r} is not known; write one of: {known}")
    return digits


def grains_per_unit(currency: str) -> int:
    """Grains in one whole unit: 10^7 for KRW, 10^9 for USD."""
    return PICOS_PER_UNIT // picos_per_grain(currency)


def picos_per_grain(currency: str) -> int:
    """Picos (10^-12 of a unit, what rate cards are in) in one grain: 1,000 for USD, 100,000 for KRW."""
    picos = _PICOS_PER_GRAIN.get(currency)
    if picos is None:
        minor_digits(currency)  # raises, in words
        raise AssertionError(f"{currency} has digits but no grains")
    return picos


def round_half_even(numerator: int, denominator: int) -> int:
    """Divide whole numbers, ties to even. `denominator` is positive."""
    assert denominator > 0, "a rounding needs a positive denominator"
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2 == 1):
        quotient += 1
    return quotient


def money(amount: str, currency: str, param: str = "amount") -> Money:
    """Read a decimal amount of whole units, such as "12.5" dollars, exactly.

    Raises Invalid when it is not a plain decimal, or finer than a grain, or too large.
    """
    unit = grains_per_unit(currency)
    grains = decimal(amount, param) * unit
    if grains.denominator != 1:
        raise Invalid("amount_too_fine", f"{param}: {amount} {currency} is finer than one grain", param=param)
    if abs(grains.numerator) > GRAINS_MAX:
        raise Invalid("amount_too_large", f"{param}: {amount} {currency} does not fit the books", param=param)
    return Money(grains.numerator, currency)


def minor_units(amount: Money, param: str = "amount") -> int:
    """The amount in whole minor units, such as cents or won: what processors and banks count in.

    Raises Invalid when it is not a whole number of them, rather than rounding somebody's money.
    """
    whole, rest = divmod(amount.grains, GRAINS_PER_MINOR_UNIT)
    if rest:
        digits = minor_digits(amount.currency)
        smallest = "no decimals" if not digits else f"{digits} decimals"
        message = f"{param}: {plain(amount)} {amount.currency} cannot be paid; {amount.currency} has {smallest}"
        raise Invalid("amount_not_whole", message, param=param)
    return whole


def of_minor_units(count: int, currency: str) -> Money:
    """So many cents or won as money. Raises Invalid for an unknown currency, or more than fits the books."""
    minor_digits(currency)
    grains = count * GRAINS_PER_MINOR_UNIT
    if abs(grains) > GRAINS_MAX:
        raise Invalid("amount_too_large", f"{count} minor units of {currency} do not fit the books", param="amount")
    return Money(grains, currency)


def decimal(text: str, param: str) -> Fraction:
    """A plain decimal such as "-12.50" as an exact fraction. Raises Invalid for anything else."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, point, parts = digits.partition(".")
    plain = whole.isascii() and whole.isdigit() and (not point or (parts.isascii() and parts.isdigit()))
    if not plain or len(text) > 40:
        raise Invalid("not_a_decimal", f"{param}: {text[:40]!r} is not a plain decimal like 12.50", param=param)
    return sign * Fraction(int(whole + parts), 10 ** len(parts))


def plain(amount: Money) -> str:
    """The exact amount in whole units as a decimal string, without trailing zeros: how money goes on the wire."""
    grains = amount.grains
    if grains < 0:
        return f"-{plain(-amount)}"
    digits = _DIGITS.get(amount.currency) or 7 + minor_digits(amount.currency)
    text = str(grains).zfill(digits + 1)
    return f"{text[:-digits]}.{text[-digits:]}".rstrip("0").rstrip(".")
