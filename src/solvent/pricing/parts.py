"""What each kind of use cost: an amount taken apart so that its parts sum to it, to the last grain.

A part is what the amount grows by when its use is counted too, in one order for all answers; so nothing is rounded
here but as `rate` does.
"""

from __future__ import annotations

from typing import Final

from solvent.pricing.exchange import Exchange
from solvent.pricing.lines import Counted, Lines, counted, lines_for
from solvent.pricing.rate_card import RateCard
from solvent.values.money import Money
from solvent.values.usage import BUCKETS, Usage

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
_KINDS: Final = tuple(_KIND_OF[bucket] for bucket in BUCKETS)
BY_ANSWER: Final = "answer"  # sold to us by the answer, whatever it uses
KINDS: Final = (*dict.fromkeys(_KINDS), BY_ANSWER)


def parts(usage: Usage, card: RateCard, exchange: Exchange | None, whole: Money) -> dict[str, int]:
    """The grains of `whole`, which is `rate(usage, card, exchange)`, by kind of use; what cost nothing is left out."""
    used = counted(usage)
    return parts_of(used, lines_for(usage, used[0], card, exchange), whole.grains)


def parts_of(used: Counted, lines: Lines, whole: int) -> dict[str, int]:
    """The same of what was counted already, where its lines are known. whole: `lines.grains` of it."""
    places, counts = used
    found: dict[str, int] = {}
    total, so_far, weights = lines.answer, 0, lines.weights
    if total:
        so_far = lines.rounded(total)
        if so_far:
            found[BY_ANSWER] = so_far
    for n in lines.earlier:
        total += counts[n] * weights[n]
        now = lines.rounded(total)
        if now != so_far:
            kind = _KINDS[places[n]]
            found[kind] = found.get(kind, 0) + now - so_far
            so_far = now
    if whole != so_far:
        kind = _KINDS[places[-1]]
        found[kind] = found.get(kind, 0) + whole - so_far
    return found
