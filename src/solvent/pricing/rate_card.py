"""Rate cards: the dated prices of one model in one book. Never edited, only superseded.

Prices are whole picos (10^-12 of the currency) per unit. A price of 0.15 dollars per million tokens
is 150,000 pico-dollars per token: the same integer as micro-dollars per million tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Final

import msgspec

from solvent.values.errors import Invalid
from solvent.values.instant import instant, iso
from solvent.values.money import PICOS_PER_UNIT, decimal, minor_digits

TOKENS_PER_PRICE: Final = 1_000_000  # people write prices per million tokens
PICOS_MAX: Final = 10**18  # a million of any currency per unit: anything above is a slip of the pen


class RateCard(msgspec.Struct, frozen=True):
    """The prices of one model from one instant on; None means unpriced, which is not the same as free.

    *_picos: whole picos per token, per answer, per hour of engine time, per kilowatt-hour.
    """

    name: str
    currency: str
    valid_from_us: int
    source: str
    input_picos: int | None = None
    cached_input_picos: int | None = None
    cache_write_5m_picos: int | None = None
    cache_write_1h_picos: int | None = None
    output_picos: int | None = None
    reasoning_picos: int | None = None
    answer_picos: int | None = None
    engine_hour_picos: int | None = None
    kilowatt_hour_picos: int | None = None

    @property
    def version(self) -> str:
        """What a receipt quotes: the card's name and the day its prices began."""
        return _version(self.name, self.valid_from_us)


@cache
def _version(name: str, valid_from_us: int) -> str:
    return f"{name}@{iso(valid_from_us)[:10]}"


# How people name a price in a card file: the field it fills and what one price is per.
PRICES: Final[Mapping[str, tuple[str, int]]] = {
    "input": ("input_picos", TOKENS_PER_PRICE),
    "cached_input": ("cached_input_picos", TOKENS_PER_PRICE),
    "cache_write_5m": ("cache_write_5m_picos", TOKENS_PER_PRICE),
    "cache_write_1h": ("cache_write_1h_picos", TOKENS_PER_PRICE),
    "output": ("output_picos", TOKENS_PER_PRICE),
    "reasoning": ("reasoning_picos", TOKENS_PER_PRICE),
    "answer": ("answer_picos", 1),
    "engine_hour": ("engine_hour_picos", 1),
    "kilowatt_hour": ("kilowatt_hour_picos", 1),
}
_ENTRY_FIELDS = {"from", "source", *PRICES}


def rate_cards(document: object, where: str) -> list[RateCard]:
    """Read one card file: {card, currency, entries: [{from, source, input, output, ...}]}, all texts.

    An unpriced cached input costs as much as fresh input, and unpriced reasoning as much as output:
    the dearer reading. Raises Invalid naming the field.
    """
    if not isinstance(document, dict):
        raise Invalid("bad_rate_card", f"{where}: a rate card is a mapping of card, currency and entries")
    unknown = sorted(set(document) - {"card", "currency", "entries"})
    if unknown:
        raise Invalid("bad_rate_card", f"{where}: unknown field {unknown[0]!r}", param=str(unknown[0]))
    name, currency, entries = (document.get(field) for field in ("card", "currency", "entries"))
    if not isinstance(name, str) or not name or "@" in name:
        raise Invalid("bad_rate_card", f"{where}: `card` is the card's name, a text without @", param="card")
    if not isinstance(currency, str):
        raise Invalid("bad_rate_card", f"{where}: `currency` is a code such as USD", param="currency")
    try:
        minor_digits(currency)
    except Invalid as wrong:
        raise Invalid(wrong.code, f"{where}: {wrong.message}", param="currency") from None
    if not isinstance(entries, list) or not entries:
        raise Invalid("bad_rate_card", f"{where}: `entries` is a list of dated prices", param="entries")
    cards = [_rate_card(name, currency, entry, f"{where}: entries[{n}]") for n, entry in enumerate(entries)]
    starts = [card.version for card in cards]  # the day is part of it: a receipt must tell two entries apart
    if starts != sorted(set(starts)):
        message = f"{where}: entries run from old to new, no two from the same day"
        raise Invalid("bad_rate_card", message, param="entries")
    return cards


def _rate_card(name: str, currency: str, entry: object, where: str) -> RateCard:
    if not isinstance(entry, dict):
        raise Invalid("bad_rate_card", f"{where}: an entry is a mapping of from, source and prices")
    unknown = sorted(set(entry) - _ENTRY_FIELDS)
    if unknown:
        known = ", ".join(sorted(_ENTRY_FIELDS))
        raise Invalid("bad_rate_card", f"{where}: unknown field {unknown[0]!r}; known: {known}", param=unknown[0])
    if "from" not in entry:
        raise Invalid("bad_rate_card", f"{where}: `from` is missing: the date these prices begin", param="from")
    prices: dict[str, int] = {
        field: _picos(entry[key], per, f"{where}: {key}") for key, (field, per) in PRICES.items() if key in entry
    }
    for dearer, cheaper in (("input_picos", "cached_input_picos"), ("output_picos", "reasoning_picos")):
        if dearer in prices:
            prices.setdefault(cheaper, prices[dearer])
    valid_from_us = instant(str(entry["from"]), f"{where}: from")
    return RateCard(name, currency, valid_from_us, str(entry.get("source", "")), **prices)


def _picos(text: object, per: int, param: str) -> int:
    if not isinstance(text, str):
        raise Invalid("not_a_decimal", f"{param}: a price is a text, so that it stays exact", param=param)
    picos = decimal(text, param) * Fraction(PICOS_PER_UNIT, per)
    if picos < 0 or picos > PICOS_MAX:
        raise Invalid("bad_price", f"{param}: {text} is below zero or beyond all reason", param=param)
    if picos.denominator != 1:
        raise Invalid("bad_price", f"{param}: {text} is finer than a pico a unit; write fewer decimals", param=param)
    return picos.numerator


def card_at(cards: Sequence[RateCard], at_us: int) -> RateCard | None:
    """The newest card already valid at an instant; `cards` run from old to new."""
    for card in reversed(cards):
        if card.valid_from_us <= at_us:
            return card
    return None


def by_name(cards: Iterable[RateCard]) -> dict[str, tuple[RateCard, ...]]:
    """The cards of each name, from old to new."""
    books: dict[str, list[RateCard]] = {}
    for card in cards:
        books.setdefault(card.name, []).append(card)
    return {name: tuple(sorted(book, key=lambda card: card.valid_from_us)) for name, book in books.items()}
