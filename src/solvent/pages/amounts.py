"""Amounts of whatever an account counts, in words: money, or answers and tokens."""

from __future__ import annotations

from solvent.identity.person import Language
from solvent.pages import formats
from solvent.pages.words import Words
from solvent.values.money import MINOR_DIGITS, Money, money


def amount(grains: int, unit: str, words: Words, language: Language, *, said: str = "units") -> str:
    """So much money, or of what else is counted. said: the words of units, where a page has a sentence around them.

    Answers at list price that a plan includes are counted as KRW.INCLUDED: they are worth money.
    """
    currency = unit.partition(".")[0]
    if currency in MINOR_DIGITS:
        return formats.money(Money(grains, currency), language)
    key = f"{said}.{unit.lower()}"
    return words(key, n=formats.count(grains)) if words.has(key) else f"{formats.count(grains)} {unit}"


def amount_of(text: str, unit: str, words: Words, language: Language) -> str:
    """The same of a decimal text in whole units, as amounts stand in bodies. Raises Invalid for what is no amount."""
    currency = unit.partition(".")[0]
    if currency in MINOR_DIGITS:
        return amount(money(text, currency).grains, unit, words, language)
    return amount(int(text), unit, words, language) if text.isdigit() else f"{text} {unit}"
