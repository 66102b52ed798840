"""Numbers of estimates, with as many digits as an estimate deserves."""

from __future__ import annotations

from typing import Final

DIGITS: Final = 3


def number(value: float) -> str:
    """With DIGITS digits, and all of a whole number's."""
    return f"{value:,.0f}" if abs(value) >= 10**DIGITS else f"{value:.{DIGITS}g}"
