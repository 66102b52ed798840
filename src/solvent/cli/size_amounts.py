"""Numbers and amounts of estimates, with as many digits as an estimate deserves."""

from __future__ import annotations

from solvent.cli.here import Screen

_DIGITS = 3


def number(value: float) -> str:
    """With as many digits as an estimate deserves: 3, and all of a whole number's."""
    return f"{value:,.0f}" if abs(value) >= 10**_DIGITS else f"{value:.{_DIGITS}g}"


def shown(amount: str, currency: str, screen: Screen) -> str:
    """An amount with 3 digits that say something, however small it is."""
    whole, _, parts = amount.partition(".")
    zeros = len(parts) - len(parts.lstrip("0"))
    places = zeros + _DIGITS if whole in ("0", "-0") else 2
    return screen.money(amount, currency, min(places, len(parts)))
