"""Amounts of estimates, with as many digits as an estimate deserves."""

from __future__ import annotations

from solvent.cli.here import Screen
from solvent.pages.estimates import DIGITS


def shown(amount: str, currency: str, screen: Screen) -> str:
    """An amount with 3 digits that say something, however small it is."""
    whole, _, parts = amount.partition(".")
    zeros = len(parts) - len(parts.lstrip("0"))
    places = zeros + DIGITS if whole in ("0", "-0") else 2
    return screen.money(amount, currency, min(places, len(parts)))
