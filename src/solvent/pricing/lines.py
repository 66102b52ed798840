"""The lines of a card that an answer is rated by: what each bucket that it used weighs, over one denominator.

They depend on which buckets were used and not on how much of each, so they are worked out once and kept beside their
card: most answers use the same few.
"""

from __future__ import annotations

from itertools import compress
from math import gcd
from operator import mul
from typing import Final

import msgspec

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard, tier_for
from solvent.pricing.unpriced import PRICES, unpriced_of
from solvent.values.limits import LINES_KEPT_MAX
from solvent.values.money import picos_per_grain, round_half_even
from solvent.values.usage import BUCKETS, Usage, all_input_tokens

US_PER_HOUR: Final = 3_600_000_000
UJ_PER_KILOWATT_HOUR: Final = 3_600_000_000_000
MS_PER_MINUTE: Final = 60_000

# Which buckets were used, by their place among all, and how much of each of these.
Places = tuple[int, ...]
Counted = tuple[Places, tuple[int, ...]]

_PLACES: Final = range(len(BUCKETS))
_TEXT: Final[Places] = (BUCKETS.index("input_tokens"), BUCKETS.index("output_tokens"))
_OF_ENGINES: Final = frozenset({"engine_us", "energy_uj"})
_amounts = msgspec.structs.astuple


class Lines(msgspec.Struct, frozen=True):
    """What some buckets weigh on a card: so much of each, times its weight, summed and over the denominator, is grains.

    card, tier, exchange: what they were worked out from; kept, so that nothing else takes their places in memory.
    answer: what an answer weighs, whatever it used. currency: of the grains. version: of the card.
    unpriced: the prices that are missing. earlier: counts all buckets but the last. has_use: whether anything was used
    but an engine of ours.
    """

    card: RateCard
    tier: RateCard
    exchange: Exchange | None
    weights: tuple[int, ...]
    answer: int
    denominator: int
    currency: str
    version: str
    unpriced: tuple[str, ...]
    earlier: range
    has_use: bool

    def grains(self, counts: tuple[int, ...]) -> int:
        """What so much comes to: rounded once, half to even."""
        weights = self.weights
        if len(counts) == 2:  # a loop over two takes many times as long
            return self.rounded(self.answer + counts[0] * weights[0] + counts[1] * weights[1])
        return self.rounded(sum(map(mul, counts, weights), self.answer))

    def rounded(self, total: int) -> int:
        """A sum of weights in whole grains."""
        return total if self.denominator == 1 else round_half_even(total, self.denominator)


_Key = tuple[int, int, Places] | tuple[int, int, Places, int]
_kept: Final[dict[_Key, Lines]] = {}


def counted(usage: Usage) -> Counted:
    """Which buckets were used, and how much of each."""
    is_text = usage.input_tokens and usage.output_tokens  # and nothing else, as of nearly all: seen without a loop
    if is_text and not (
        usage.cached_input_tokens or usage.reasoning_tokens or usage.cache_write_5m_tokens
        or usage.cache_write_1h_tokens or usage.audio_input_tokens or usage.cached_audio_input_tokens
        or usage.image_input_tokens or usage.cached_image_input_tokens or usage.audio_output_tokens
        or usage.image_output_tokens or usage.web_searches or usage.engine_us or usage.energy_uj or usage.pictures
        or usage.characters or usage.audio_input_ms or usage.video_seconds
    ):  # fmt: skip
        return _TEXT, (usage.input_tokens, usage.output_tokens)
    amounts = _amounts(usage)
    return tuple(compress(_PLACES, amounts)), tuple(filter(None, amounts))


def lines_for(usage: Usage, places: Places, card: RateCard, exchange: Exchange | None = None) -> Lines:
    """places: the buckets that `usage` has, see `counted`. exchange: from the card's currency to the one wanted."""
    tier = card
    key: _Key = (id(card), id(exchange), places)
    if card.tiers:
        tier = tier_for(card, all_input_tokens(usage))
        key = (id(card), id(exchange), places, id(tier))
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= LINES_KEPT_MAX:
            _kept.clear()
        found = _kept[key] = _worked_out(places, card, tier, exchange)
    return found


def _worked_out(places: Places, card: RateCard, tier: RateCard, exchange: Exchange | None) -> Lines:
    used = [BUCKETS[place] for place in places]
    by_energy = 1 if _OF_ENGINES.isdisjoint(used) else UJ_PER_KILOWATT_HOUR
    by_minute = MS_PER_MINUTE if "audio_input_ms" in used else 1
    times = {
        "engine_us": by_energy // US_PER_HOUR * by_minute, "energy_uj": by_minute, "audio_input_ms": by_energy,
    }  # fmt: skip
    whole, currency, denominator = by_energy * by_minute, tier.currency, tier.parts
    picos = [(getattr(tier, f"{PRICES[bucket]}_picos") or 0) * times.get(bucket, whole) for bucket in used]
    picos.append((tier.answer_picos or 0) * whole)
    if exchange is not None:
        assert exchange.base == currency, "an exchange starts from the card's currency"
        picos = [each * exchange.numerator for each in picos]
        currency, denominator = exchange.quote, denominator * exchange.denominator
    denominator *= whole * picos_per_grain(currency)
    common = gcd(denominator, *picos)
    *weights, answer = [each // common for each in picos]
    return Lines(
        card, tier, exchange, tuple(weights), answer, denominator // common, currency, card.version,
        unpriced_of(used, card, tier), range(len(used) - 1), has_use=not _OF_ENGINES.issuperset(used),
    )  # fmt: skip
