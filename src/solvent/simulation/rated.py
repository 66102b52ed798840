"""Rating in columns: what `pricing.rating.rate` says of each of many answers, to the last grain.

No second price list and no rule of its own: the card object gives every number, the sum is the same fraction, and the
rounding is the same half to even; only that numpy does a million at once. Tests hold it equal to `rate` for any card,
and every group of answers is checked against `rate` as it is rated, so a difference stops a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Any, Final

import numpy as np

from solvent.pricing.exchange import Exchange
from solvent.pricing.lines import MS_PER_MINUTE, UJ_PER_KILOWATT_HOUR, US_PER_HOUR
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.simulation.trace import Whole
from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import picos_per_grain
from solvent.values.usage import BUCKETS, Usage

# Each bucket's price on a card, and how many of the bucket that is the price of.
_PRICES: Final[Mapping[str, tuple[str, int]]] = {
    "web_searches": ("web_search_picos", 1),
    "engine_us": ("engine_hour_picos", US_PER_HOUR),
    "energy_uj": ("kilowatt_hour_picos", UJ_PER_KILOWATT_HOUR),
    "pictures": ("picture_picos", 1),
    "characters": ("character_picos", 1),
    "audio_input_ms": ("audio_input_minute_picos", MS_PER_MINUTE),
    "video_seconds": ("video_second_picos", 1),
    **{bucket: (f"{bucket.removesuffix('_tokens')}_picos", 1) for bucket in BUCKETS if bucket.endswith("_tokens")},
}
INPUT_BUCKETS: Final = tuple(b for b in BUCKETS if b.endswith("_tokens") and ("input" in b or "cache" in b))
OUTPUT_BUCKETS: Final = tuple(b for b in BUCKETS if b.endswith("_tokens") and b not in INPUT_BUCKETS)
_INT64_MAX: Final = 2**63 - 1


def rate_columns(used: Mapping[str, Whole], answers: int, card: RateCard, exchange: Exchange | None = None) -> Whole:
    """What each answer comes to, in grains: `rate` of each, tiers too.

    used: columns of so many answers, by bucket. Raises Invalid for what does not fit the books.
    """
    if not card.tiers:
        grains = _rate_tier(used, answers, card, exchange)
        _demand_equal(used, grains, card, exchange)
        return grains
    read = summed(used, INPUT_BUCKETS, answers)
    grains = np.zeros(answers, np.int64)
    edges = [-1, *(tier.above_tokens for tier in card.tiers), _INT64_MAX]
    for tier, above, most in zip((card, *card.tiers), edges, edges[1:], strict=False):
        rows = np.flatnonzero((read > above) & (read <= most))
        if len(rows):
            chosen = {bucket: column[rows] for bucket, column in used.items()}
            grains[rows] = _rate_tier(chosen, len(rows), tier, exchange)
            _demand_equal(chosen, grains[rows], card, exchange)
    return grains


def summed(used: Mapping[str, Whole], buckets: tuple[str, ...], answers: int) -> Whole:
    """The sum of some buckets of each answer."""
    found = np.zeros(answers, np.int64)
    for bucket in buckets:
        if bucket in used:
            found += used[bucket]
    return found


def _rate_tier(used: Mapping[str, Whole], answers: int, card: RateCard, exchange: Exchange | None) -> Whole:
    factors, constant, denominator = _fraction(used, card, exchange)
    most = constant + sum(int(used[bucket].max(initial=0)) * factor for bucket, factor in factors.items())
    kind: Any = (
        np.int64 if 2 * max(most, denominator, *factors.values()) <= _INT64_MAX else object
    )  # object: slower, without end
    whole = np.full(answers, constant, kind)
    for bucket, factor in factors.items():
        whole += used[bucket].astype(kind, copy=False) * factor
    quotient = whole // denominator
    twice = 2 * (whole - quotient * denominator)
    quotient += (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))
    if answers and int(quotient.max()) > GRAINS_MAX:
        raise Invalid("bad_trace", f"an answer rated by {card.version} does not fit the books; mend its usage")
    return quotient.astype(np.int64, copy=False)


def _fraction(
    used: Mapping[str, Whole], card: RateCard, exchange: Exchange | None
) -> tuple[dict[str, int], int, int]:  # fmt: skip
    """What one of each used bucket, and an answer, come to: numerators over one denominator, in lowest terms."""
    priced = {
        bucket: (price, each)
        for bucket, (field, each) in _PRICES.items()
        if bucket in used and (price := getattr(card, field))
    }
    common = 1
    for _, each in priced.values():
        common = common * each // gcd(common, each)
    times, by, currency = (1, 1, card.currency) if exchange is None else _terms(exchange, card)
    factors = {bucket: price * (common // each) * times for bucket, (price, each) in priced.items()}
    constant = (card.answer_picos or 0) * common * times
    denominator = card.parts * common * by * picos_per_grain(currency)
    shared = gcd(denominator, constant, *factors.values())
    return {bucket: factor // shared for bucket, factor in factors.items()}, constant // shared, denominator // shared


def _terms(exchange: Exchange, card: RateCard) -> tuple[int, int, str]:
    assert exchange.base == card.currency, "an exchange starts from the card's currency"
    return exchange.numerator, exchange.denominator, exchange.quote


def _demand_equal(used: Mapping[str, Whole], grains: Whole, card: RateCard, exchange: Exchange | None) -> None:
    """The dearest, the first and the last of a group come to what the noun that bills them says."""
    if not len(grains):
        return
    for row in {0, len(grains) - 1, int(grains.argmax())}:
        usage = Usage(**{bucket: int(column[row]) for bucket, column in used.items()})
        assert rate(usage, card, exchange).grains == grains[row], "rating in columns differs from rating"
