"""What each kind of use cost: an amount taken apart so that its parts sum to it, to the last grain.

A part is what the amount grows by when its use is counted too, in one order for all answers; so nothing is rounded
here but by `rate` itself.
"""

from __future__ import annotations

from typing import Final

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard, tier_for
from solvent.pricing.rating import rate
from solvent.values.usage import BUCKETS, Usage, all_input_tokens, amounts

# What people call the use of a bucket; several buckets may be one kind.
_KIND_OF: Final = {
    "input_tokens": "input",
    "cached_input_tokens": "cached",
    "cache_write_5m_tokens": "cache_write",
    "cache_write_1h_tokens": "cache_write",
    "output_tokens": "output",
    "reasoning_tokens": "reasoning",
    "audio_input_tokens": "sound_heard",
    "cached_audio_input_tokens": "cached",
    "image_input_tokens": "pictures_seen",
    "cached_image_input_tokens": "cached",
    "audio_output_tokens": "sound_made",
    "image_output_tokens": "pictures_made",
    "web_searches": "searches",
    "engine_us": "engine",
    "energy_uj": "energy",
    "pictures": "pictures_made",
    "characters": "sound_made",
    "audio_input_ms": "sound_heard",
    "video_seconds": "video",
}
BY_ANSWER: Final = "answer"  # sold to us by the answer, whatever it uses
KINDS: Final = (*dict.fromkeys(_KIND_OF[bucket] for bucket in BUCKETS), BY_ANSWER)


def buckets_of(kind: str) -> tuple[str, ...]:
    """The buckets of `Usage` that are of a kind."""
    return tuple(bucket for bucket in BUCKETS if _KIND_OF[bucket] == kind)


def parts(usage: Usage, card: RateCard, exchange: Exchange | None = None) -> dict[str, int]:
    """The grains of `rate(usage, card, exchange)` by kind of use; kinds that cost nothing are left out."""
    if card.tiers:
        card = tier_for(card, all_input_tokens(usage))
    counted = dict[str, int]()
    found = dict[str, int]()
    so_far = rate(Usage(), card, exchange).grains if card.answer_picos else 0
    if so_far:
        found[BY_ANSWER] = so_far
    for bucket, used in zip(BUCKETS, amounts(usage), strict=True):
        if not used:
            continue
        counted[bucket] = used
        now = _rated(counted, card, exchange)
        if now != so_far:
            kind = _KIND_OF[bucket]
            found[kind] = found.get(kind, 0) + now - so_far
            so_far = now
    return found


def _rated(counted: dict[str, int], card: RateCard, exchange: Exchange | None) -> int:
    return rate(Usage(**counted), card, exchange).grains
