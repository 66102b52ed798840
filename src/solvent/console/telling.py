"""What operations tell, as people read it: their texts of amounts and instants in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from solvent.identity.person import Language
from solvent.pages import formats
from solvent.pages.amounts import amount_of
from solvent.pages.words import Words
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.money import Money, money

_RESULT_CHARACTERS: Final = 160  # of a change, in a list


class Telling:
    """For one visitor. zone: whose clock pages show."""

    def __init__(self, language: Language, words: Words, zone: ZoneInfo) -> None:
        self._language = language
        self._words = words
        self._zone = zone

    def amount(self, text: str, unit: str) -> str:
        """A decimal text in whole units of money, or of what else is counted."""
        return amount_of(text, unit, self._words, self._language)

    def price(self, text: str, currency: str) -> str:
        """A price exactly as it is written: of a million tokens, or of one of what is counted otherwise."""
        try:
            return formats.money(money(text, currency), self._language, len(text.partition(".")[2]))
        except Invalid:  # finer than money can be
            return f"{text} {currency}"

    def prices(self, found: Mapping[str, str], currency: str) -> list[tuple[str, str]]:
        """The prices of a card, each by its name."""
        return [(self.named(f"prices.{name}", name), self.price(text, currency)) for name, text in found.items()]

    def is_below(self, text: str) -> bool:
        """Whether an amount is below zero: a loss is red, and nothing else is."""
        return text.startswith("-")

    def when(self, text: str | None) -> str:
        """An instant in ISO 8601; a dash for none."""
        return formats.moment(instant(text, "at"), self._zone, self._language) if text else "–"

    def on_day(self, text: str | None) -> str:
        """The day of an instant, with its year; a dash for none."""
        return formats.day(instant(text, "at"), self._zone, self._language, year=True) if text else "–"

    def word(self, kind: str, value: Any) -> str:
        """A value that is one of a few, in words: `choices.KIND.VALUE`, or as it is."""
        return self.named(f"choices.{kind}.{value}", str(value))

    def result(self, result: Any) -> str:
        """What came of a change, as it is kept, cut to a line."""
        text = bytes(result).decode() if isinstance(result, msgspec.Raw) else str(result)
        return text if len(text) <= _RESULT_CHARACTERS else f"{text[:_RESULT_CHARACTERS]}…"

    def why(self, result: Any) -> str:
        """The reason that somebody gave for a change, where one was asked for."""
        told = msgspec.json.decode(result) if isinstance(result, msgspec.Raw) else result
        return str(told.get("why") or "") if isinstance(told, dict) else ""

    def grains(self, grains: int, currency: str) -> str:
        """Grains of a currency, as an amount."""
        return formats.money(Money(grains, currency), self._language)

    def named(self, key: str, otherwise: str) -> str:
        """The words of a key where there are some; else as it is."""
        return self._words(key) if self._words.has(key) else otherwise
