"""Rate cards: the dated prices of one model in one book. Never edited, only followed by a newer entry.

Prices are whole picos (10^-12 of the currency) per unit. A price of 0.15 dollars per million tokens
is 150,000 pico-dollars per token: the same integer as micro-dollars per million tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from math import gcd
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from solvent.values.instant import utc
from solvent.values.money import picos_per_grain

# Other ways to be served at other prices; the plain way has no name.
TARIFFS: Final = ("batch", "flex", "priority", "fast")
US_PER_MINUTE: Final = 60_000_000
MINUTES_PER_DAY: Final = 24 * 60


class RateCard(msgspec.Struct, frozen=True):
    """The prices of one model from one instant on; None means unpriced, which is not the same as free.

    *_picos: 1/parts of a pico per token, per web search, per answer, per hour of engine time, per kilowatt-hour, per
    picture, per character spoken, per minute of sound heard, per second of video. `parts` is 1 unless a price is a
    fraction, such as a third of a dollar.
    revision: 1, and one more each time a wrong entry of the same instant was corrected.
    variant: how and when these prices hold beside the plain ones, such as "batch"; see `version`.
    tariffs: also of other kinds of an answer, such as pictures of "1024x1024/hd" or video of "1280x720".
    above_tokens: of a tier: more input tokens than this make the whole answer cost these prices.
    borrowed: buckets without a price of their own that cost what text costs until somebody finds out.
    dearest_*_picos: the most a token read or written can cost here, tiers apart; worked out, not given.
    quoted: the same in grains, of a token read, one written and an answer, and over what; worked out too.
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
    audio_input_picos: int | None = None
    cached_audio_input_picos: int | None = None
    image_input_picos: int | None = None
    cached_image_input_picos: int | None = None
    audio_output_picos: int | None = None
    image_output_picos: int | None = None
    web_search_picos: int | None = None
    answer_picos: int | None = None
    engine_hour_picos: int | None = None
    kilowatt_hour_picos: int | None = None
    picture_picos: int | None = None
    character_picos: int | None = None
    audio_input_minute_picos: int | None = None
    video_second_picos: int | None = None
    provider: str = ""
    model: str = ""
    parts: int = 1
    revision: int = 1
    variant: str = ""
    above_tokens: int = 0
    borrowed: tuple[str, ...] = ()
    tiers: tuple[RateCard, ...] = ()
    tariffs: tuple[RateCard, ...] = ()
    hours: tuple[Hours, ...] = ()
    dearest_input_picos: int = 0
    dearest_output_picos: int = 0
    quoted: tuple[int, int, int, int] = (0, 0, 0, 1)

    def __post_init__(self) -> None:
        force_setattr(self, "dearest_input_picos", _dearest(self, INPUT_FIELDS))
        force_setattr(self, "dearest_output_picos", _dearest(self, OUTPUT_FIELDS))
        weights = self.dearest_input_picos, self.dearest_output_picos, self.answer_picos or 0
        whole = self.parts * picos_per_grain(self.currency)
        common = gcd(*weights, whole)
        force_setattr(self, "quoted", (*(each // common for each in weights), whole // common))
        edges = [tier.above_tokens for tier in self.tiers]
        assert edges == sorted(set(edges)), "tiers run from low to high"
        assert all(tier.parts == self.parts for tier in self.tiers), "the tiers of a card share its parts"

    @property
    def version(self) -> str:
        """What a receipt quotes: the card's name, when its prices began, and which of them these are."""
        return _version(self.name, self.valid_from_us, self.revision, self.variant)


class Hours(msgspec.Struct, frozen=True):
    """Hours of each day in UTC that have prices of their own; over midnight where they end before they begin."""

    from_minute: int
    until_minute: int
    card: RateCard


INPUT_FIELDS: Final = (
    "input_picos", "cached_input_picos", "cache_write_5m_picos", "cache_write_1h_picos", "audio_input_picos",
    "cached_audio_input_picos", "image_input_picos", "cached_image_input_picos",
)  # fmt: skip
OUTPUT_FIELDS: Final = ("output_picos", "reasoning_picos", "audio_output_picos", "image_output_picos")


def _dearest(card: RateCard, fields: tuple[str, ...]) -> int:
    return max(getattr(card, field) or 0 for field in fields)


@cache
def _version(name: str, valid_from_us: int, revision: int, variant: str) -> str:
    since = utc(valid_from_us).isoformat().replace("+00:00", "Z").removesuffix("T00:00:00Z")
    corrected = f".{revision}" if revision > 1 else ""
    return f"{name}@{since}{corrected}{f'+{variant}' if variant else ''}"


def card_at(cards: Sequence[RateCard], at_us: int) -> RateCard | None:
    """The newest card already valid at an instant, at the prices of that hour; `cards` run from old to new."""
    for card in reversed(cards):
        if card.valid_from_us <= at_us:
            return at_that_hour(card, at_us) if card.hours else card
    return None


def at_that_hour(card: RateCard, at_us: int) -> RateCard:
    """The prices of an instant's hour of the day, where a card knows several."""
    minute = at_us // US_PER_MINUTE % MINUTES_PER_DAY
    for hours in card.hours:
        after, before = hours.from_minute <= minute, minute < hours.until_minute
        if (after and before) if hours.from_minute < hours.until_minute else (after or before):
            return hours.card
    return card


def in_tariff(card: RateCard, tariff: str) -> RateCard | None:
    """The card's prices in a tariff such as "batch"; "" is the plain way. None where it has no such tariff."""
    if not tariff:
        return card
    for priced in card.tariffs:
        if priced.variant.rpartition("+")[2] == tariff:
            return priced
    return None


def of_kind(card: RateCard, kind: str) -> RateCard | None:
    """The card's prices for a kind of answer such as "1024x1024/hd"; "" is what comes where nothing is said.

    None where the card prices other kinds and not this one. A card that knows no kinds has one price for all.
    """
    named = in_tariff(card, kind)
    if named is None and all(priced.variant.rpartition("+")[2] in TARIFFS for priced in card.tariffs):
        return card
    return named


def tier_for(card: RateCard, input_tokens: int) -> RateCard:
    """The prices of a whole answer that read so many tokens: of the highest tier it lies above."""
    for tier in reversed(card.tiers):
        if input_tokens > tier.above_tokens:
            return tier
    return card


def by_name(cards: Iterable[RateCard]) -> dict[str, tuple[RateCard, ...]]:
    """The cards of each name, from old to new."""
    books: dict[str, list[RateCard]] = {}
    for card in cards:
        books.setdefault(card.name, []).append(card)
    return {name: tuple(sorted(book, key=card_age)) for name, book in books.items()}


def card_age(card: RateCard) -> tuple[int, int]:
    """Sorts the cards of a name from old to new, corrections after what they correct."""
    return card.valid_from_us, card.revision
