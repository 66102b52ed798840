"""Which of what was used has no price of its own on a card: unknown is never free, so it is named."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from solvent.pricing.rate_card import RateCard
from solvent.values.usage import BUCKETS

# The price of each bucket, as cards call it; in the order of buckets.
PRICES: Final = {
    "input_tokens": "input",
    "cached_input_tokens": "cached_input",
    "cache_write_5m_tokens": "cache_write_5m",
    "cache_write_1h_tokens": "cache_write_1h",
    "output_tokens": "output",
    "reasoning_tokens": "reasoning",
    "audio_input_tokens": "audio_input",
    "cached_audio_input_tokens": "cached_audio_input",
    "image_input_tokens": "image_input",
    "cached_image_input_tokens": "cached_image_input",
    "audio_output_tokens": "audio_output",
    "image_output_tokens": "image_output",
    "web_searches": "web_search",
    "engine_us": "engine_hour",
    "energy_uj": "kilowatt_hour",
    "pictures": "picture",
    "characters": "character",
    "audio_input_ms": "audio_input_minute",
    "video_seconds": "video_second",
}
_TOKENS: Final = frozenset(bucket for bucket in BUCKETS if bucket.endswith("_tokens"))
_ONE_WAY: Final = _TOKENS | {"web_searches"}
_COUNTED_TOO: Final = frozenset({"pictures", "characters", "audio_input_ms", "video_seconds"})


def is_unpriced(price: str, card: RateCard) -> bool:
    """Whether the card has no price of its own of that name."""
    return price in card.borrowed or getattr(card, f"{price}_picos") is None


def unpriced_of(used: Collection[str], card: RateCard, tier: RateCard) -> tuple[str, ...]:
    """Of the buckets that were used, in their order, the prices that are missing. tier: of the card, as was reached.

    What is counted in pictures, characters or time may be counted in tokens too: priced one way, it is priced.
    """
    if card.engine_hour_picos is not None or card.answer_picos is not None:
        return ()
    missing = tuple(PRICES[bucket] for bucket in used if bucket in _ONE_WAY and is_unpriced(PRICES[bucket], tier))
    if _COUNTED_TOO.isdisjoint(used):
        return missing
    unknown = tuple(PRICES[bucket] for bucket in used if bucket in _COUNTED_TOO and is_unpriced(PRICES[bucket], tier))
    if not unknown:
        return ()
    return unknown if _TOKENS.isdisjoint(used) else missing
