"""What operations tell, as people read it: their texts of amounts and instants in the visitor's language."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from solvent.identity.person import Language
from solvent.pages import formats
from solvent.pages.words import Words
from solvent.values.instant import instant
from solvent.values.money import MINOR_DIGITS, money


class Telling:
    """For one visitor. zone: whose clock pages show."""

    def __init__(self, language: Language, words: Words, zone: ZoneInfo) -> None:
        self._language = language
        self._words = words
        self._zone = zone

    def amount(self, text: str, unit: str) -> str:
        """A decimal text in whole units of money, or of what else is counted."""
        currency = unit.partition(".")[0]  # answers at list price that a plan includes are counted as KRW.INCLUDED
        if currency in MINOR_DIGITS:
            return formats.money(money(text, currency), self._language)
        key = f"units.{unit.lower()}"
        return self._words(key, n=f"{int(text):,}") if text.isdigit() and self._words.has(key) else f"{text} {unit}"

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
        key = f"choices.{kind}.{str(value).replace('.', '_')}"
        return self._words(key) if self._words.has(key) else str(value)

    def why(self, result: Any) -> str:
        """The reason that somebody gave for a change, where one was asked for."""
        told = msgspec.json.decode(result) if isinstance(result, msgspec.Raw) else result
        return str(told.get("why") or "") if isinstance(told, dict) else ""
