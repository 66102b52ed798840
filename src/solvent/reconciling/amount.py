"""Amounts as bills write them, exactly: with a sign, with more digits than any coin, or as 6e-05."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from solvent.values.errors import Invalid
from solvent.values.limits import BILL_AMOUNT_CHARACTERS_MAX

_AMOUNT: Final = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,2}))?", re.ASCII)


def amount_of(text: str) -> Fraction:
    """Raises Invalid for anything but one plain number: "1,234.5" may be two numbers, and "$5" is no number."""
    found = _AMOUNT.fullmatch(text.strip()) if len(text) <= BILL_AMOUNT_CHARACTERS_MAX else None
    if found is None:
        raise Invalid("bad_bill", f"{text[:40]!r} is no amount like 1234.56 or -0.0000061", param="file")
    sign, digits, exponent = found.groups()
    whole, _, parts = digits.partition(".")
    power = int(exponent or "0") - len(parts)
    value = Fraction(int(whole + parts)) * (Fraction(10**power) if power >= 0 else Fraction(1, 10 ** abs(power)))
    return -value if sign == "-" else value


def decimal_text(value: Fraction) -> str:
    """A finite decimal fraction in full, such as "-0.0000061"."""
    places = 0
    numerator, denominator = abs(value.numerator), value.denominator
    while denominator != 1:
        step = Fraction(numerator * 10, denominator)
        numerator, denominator, places = step.numerator, step.denominator, places + 1
    digits = str(numerator).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 else text
