"""A price sheet: exact prices by bucket and context tier, before they become a rate card.

Overrides (a tariff, hours of the day) change a sheet; only a finished sheet fills in what was left unsaid,
so that a price left out always follows the price it follows in the words of the documentation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import lcm
from typing import Any, Final, TypeVar

import msgspec

from solvent.pricing.rate_card import Hours, RateCard
from solvent.values.errors import Invalid
from solvent.values.money import PICOS_PER_UNIT

T = TypeVar("T")

TOKENS_PER_PRICE: Final = 1_000_000  # people write prices per million tokens, and of characters too
PARTS_MAX: Final = 10**9  # a price this fine is noise of somebody's arithmetic

# How people name a price: the field it fills and what one price is per.
PRICES: Final[Mapping[str, tuple[str, int]]] = {
    "input": ("input_picos", TOKENS_PER_PRICE),
    "cached_input": ("cached_input_picos", TOKENS_PER_PRICE),
    "cache_write_5m": ("cache_write_5m_picos", TOKENS_PER_PRICE),
    "cache_write_1h": ("cache_write_1h_picos", TOKENS_PER_PRICE),
    "output": ("output_picos", TOKENS_PER_PRICE),
    "reasoning": ("reasoning_picos", TOKENS_PER_PRICE),
    "audio_input": ("audio_input_picos", TOKENS_PER_PRICE),
    "cached_audio_input": ("cached_audio_input_picos", TOKENS_PER_PRICE),
    "image_input": ("image_input_picos", TOKENS_PER_PRICE),
    "cached_image_input": ("cached_image_input_picos", TOKENS_PER_PRICE),
    "audio_output": ("audio_output_picos", TOKENS_PER_PRICE),
    "image_output": ("image_output_picos", TOKENS_PER_PRICE),
    "web_search": ("web_search_picos", 1),
    "answer": ("answer_picos", 1),
    "engine_hour": ("engine_hour_picos", 1),
    "kilowatt_hour": ("kilowatt_hour_picos", 1),
    "picture": ("picture_picos", 1),
    "character": ("character_picos", TOKENS_PER_PRICE),
    "audio_input_minute": ("audio_input_minute_picos", 1),
    "video_second": ("video_second_picos", 1),
}
TOKEN_PRICES: Final = frozenset(name for name, (_, per) in PRICES.items() if per == TOKENS_PER_PRICE)

# A price left out is that of the bucket it is part of. Sound, drawn pictures and cache writes are dearer than
# text nearly everywhere, so their price is borrowed, which `unpriced` tells, and not given.
_FOLLOWS: Final = (
    ("cached_audio_input", "audio_input"),
    ("cached_image_input", "image_input"),
    ("cached_input", "input"),
    ("reasoning", "output"),
    ("image_input", "input"),
    ("cached_image_input", "cached_input"),
)
_BORROWS: Final = (
    ("cache_write_5m", "input"),
    ("cache_write_1h", "cache_write_5m"),
    ("audio_input", "input"),
    ("cached_audio_input", "cached_input"),
    ("audio_output", "output"),
    ("image_output", "output"),
)


class Sheet(msgspec.Struct, frozen=True):
    """Picos per unit by the name of the price, and of each tier by the input tokens it lies above."""

    prices: Mapping[str, Fraction]
    tiers: Mapping[int, Mapping[str, Fraction]] = {}


class Override(msgspec.Struct, frozen=True):
    """What a tariff or an hour changes. times: every price per token; then prices that are named; then tiers."""

    times: Fraction
    prices: Mapping[str, Fraction]
    tiers: Mapping[int, Mapping[str, Fraction]]


class Head(msgspec.Struct, frozen=True):
    """What all prices of one dated entry share."""

    name: str
    currency: str
    provider: str
    model: str
    valid_from_us: int
    source: str
    revision: int = 1


def price_text(name: str, picos: Fraction) -> str:
    """A price as people write it: whole units per million tokens, or for one of what it is a price of."""
    value = picos * Fraction(PRICES[name][1], PICOS_PER_UNIT)
    digits = next((n for n in range(19) if (value * 10**n).denominator == 1), None)
    if digits is None:
        return f"{value.numerator}/{value.denominator}"
    whole, rest = divmod((value * 10**digits).numerator, 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else str(whole)


def overridden(sheet: Sheet, override: Override) -> Sheet:
    """The sheet as a tariff or an hour has it. A price that is named holds in every tier that does not name it."""
    base = _times(sheet.prices, override.times) | dict(override.prices)
    tiers = {above: _times(prices, override.times) | dict(override.prices) for above, prices in sheet.tiers.items()}
    for above, prices in override.tiers.items():
        tiers[above] = {**tiers.get(above, base), **prices}
    return Sheet(base, dict(sorted(tiers.items())))


def _times(prices: Mapping[str, Fraction], times: Fraction) -> dict[str, Fraction]:
    return {name: price * times if name in TOKEN_PRICES else price for name, price in prices.items()}


def card_of(
    head: Head,
    sheet: Sheet,
    tariffs: Mapping[str, Override],
    hours: Mapping[tuple[int, int], Override],
    where: str,
) -> RateCard:
    """The rate card of one dated entry, with the same tariffs at every hour. Raises Invalid if it is too fine."""
    at_hours = []
    for (start, end), override in hours.items():
        variant = f"{_clock(start)}-{_clock(end)}"
        at_hours.append(Hours(start, end, _with_tariffs(head, overridden(sheet, override), tariffs, variant, where)))
    return _with_tariffs(head, sheet, tariffs, "", where, tuple(at_hours))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _with_tariffs(
    head: Head, sheet: Sheet, tariffs: Mapping[str, Override], variant: str, where: str, hours: tuple[Hours, ...] = ()
) -> RateCard:
    named = tuple(
        _card(head, overridden(sheet, override), f"{variant}+{name}" if variant else name, where)
        for name, override in tariffs.items()
    )
    return _card(head, sheet, variant, where, tariffs=named, hours=hours)


def _card(head: Head, sheet: Sheet, variant: str, where: str, **more: Any) -> RateCard:
    plain, borrowed = _filled(sheet.prices)
    tiers = {above: _filled(prices) for above, prices in sheet.tiers.items()}
    every = [price for prices, _ in ((plain, borrowed), *tiers.values()) for price in prices.values()]
    parts = lcm(*(price.denominator for price in every))
    if parts > PARTS_MAX:
        raise Invalid("bad_price", f"{where}: these prices are finer than anybody can mean; write fewer decimals")
    cards = tuple(
        _made(head, variant, parts, prices, lent, above_tokens=above) for above, (prices, lent) in tiers.items()
    )
    return _made(head, variant, parts, plain, borrowed, tiers=cards, **more)


def _made(
    head: Head, variant: str, parts: int, prices: Mapping[str, Fraction], borrowed: tuple[str, ...], **more: Any
) -> RateCard:
    picos: dict[str, Any] = {PRICES[name][0]: (price * parts).numerator for name, price in prices.items()}
    return RateCard(
        head.name, head.currency, head.valid_from_us, head.source, provider=head.provider, model=head.model,
        parts=parts, revision=head.revision, variant=variant, borrowed=borrowed, **picos, **more,
    )  # fmt: skip


def _filled(prices: Mapping[str, Fraction]) -> tuple[dict[str, Fraction], tuple[str, ...]]:
    """The prices with those filled in that were left out, and which of them are only borrowed."""
    full = dict(prices)
    for name, followed in _FOLLOWS:
        if followed in full:
            full.setdefault(name, full[followed])
    borrowed = []
    for name, lender in _BORROWS:
        if name not in full and lender in full:
            full[name] = full[lender]
            borrowed.append(name)
    return full, tuple(borrowed)


def telling(prices: Mapping[str, T], borrowed: Collection[str]) -> dict[str, T]:
    """The prices of a finished card without those that only repeat another: what a person wants to see."""
    told = {name: price for name, price in prices.items() if name not in borrowed}
    for name, followed in _FOLLOWS:
        if name in told and told[name] == prices.get(followed):
            del told[name]
    return told
