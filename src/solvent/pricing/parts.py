"""What each kind of use cost: an amount taken apart so that its parts sum to it, to the last grain.

A part is what the amount grows by when its use is counted too, in one order for all answers; so nothing is rounded
here but by `rate` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard, tier_for
from solvent.pricing.rating import has_cached_or_thought, is_text, rate, rounded
from solvent.values.money import Money
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
_KINDS: Final = tuple(_KIND_OF[bucket] for bucket in BUCKETS)
BY_ANSWER: Final = "answer"  # sold to us by the answer, whatever it uses
KINDS: Final = (*dict.fromkeys(_KINDS), BY_ANSWER)


def parts(usage: Usage, card: RateCard, exchange: Exchange | None, whole: Money) -> dict[str, int]:
    """The grains of `whole`, which is `rate(usage, card, exchange)`, by kind of use; what cost nothing is left out.

    This is asked for every answer: it is rated once less often than there are kinds of use.
    """
    if card.tiers:
        card = tier_for(card, all_input_tokens(usage))
    if is_text(usage) and not card.answer_picos:
        return _parts_of_text(usage, card, exchange, whole)
    return _grown(_of_each_bucket(usage, card, exchange, whole))


def _grown(totals: Iterable[tuple[str, int]]) -> dict[str, int]:
    """What a total grows by with each kind of use, from so many grains to so many."""
    found: dict[str, int] = {}
    so_far = 0
    for kind, now in totals:
        if now != so_far:
            found[kind] = found.get(kind, 0) + now - so_far
            so_far = now
    return found


def _of_each_bucket(
    usage: Usage, card: RateCard, exchange: Exchange | None, whole: Money
) -> Iterator[tuple[str, int]]:  # fmt: skip
    all_amounts, counted = amounts(usage), [0] * len(BUCKETS)
    used = [n for n, amount in enumerate(all_amounts) if amount]
    if card.answer_picos:
        yield BY_ANSWER, rate(Usage(), card, exchange).grains if used else whole.grains
    for n in used:
        counted[n] = all_amounts[n]
        yield _KINDS[n], whole.grains if n == used[-1] else rate(Usage(*counted), card, exchange).grains


def _parts_of_text(usage: Usage, card: RateCard, exchange: Exchange | None, whole: Money) -> dict[str, int]:
    """The same for most answers, many times quicker: a kind is rounded when the next one comes, the last is `whole`."""
    found: dict[str, int] = {}
    picos = so_far = 0
    last = ""
    used: tuple[tuple[str, int, int | None], ...]
    if has_cached_or_thought(usage):
        used = (
            ("input", usage.input_tokens, card.input_picos),
            ("cached", usage.cached_input_tokens, card.cached_input_picos),
            ("cache_write", usage.cache_write_5m_tokens, card.cache_write_5m_picos),
            ("cache_write", usage.cache_write_1h_tokens, card.cache_write_1h_picos),
            ("output", usage.output_tokens, card.output_picos),
            ("reasoning", usage.reasoning_tokens, card.reasoning_picos),
        )
    else:
        used = (("input", usage.input_tokens, card.input_picos), ("output", usage.output_tokens, card.output_picos))
    for kind, tokens, price in used:
        if tokens and price:
            if last and last != kind:
                now = rounded(picos, card.parts, card, exchange).grains
                if now != so_far:
                    found[last] = now - so_far
                    so_far = now
            picos += tokens * price
            last = kind
    if whole.grains != so_far:
        found[last] = whole.grains - so_far
    return found
