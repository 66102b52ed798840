"""Rating: usage times prices is money. The only place in the house where money is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard, tier_for
from solvent.values.money import Money, picos_per_grain, round_half_even
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

US_PER_HOUR: Final = 3_600_000_000
UJ_PER_KILOWATT_HOUR: Final = 3_600_000_000_000
MS_PER_MINUTE: Final = 60_000


def rate(usage: Usage, card: RateCard, exchange: Exchange | None = None) -> Money:
    """What an answer of this usage comes to, rounded once, half to even.

    exchange: from the card's currency to the one wanted; None leaves it in the card's currency.
    An unpriced bucket adds nothing here: ask `unpriced` whether there was one.
    """
    if card.tiers:
        card = tier_for(card, all_input_tokens(usage))
    picos = usage.input_tokens * (card.input_picos or 0) + usage.output_tokens * (card.output_picos or 0)
    if card.answer_picos:
        picos += card.answer_picos
    if has_cached_or_thought(usage):
        picos += _cached_or_thought(usage, card)
    if _has_more(usage):
        picos += _more(usage, card)
    denominator = card.parts
    if usage.engine_us or usage.energy_uj:
        denominator *= UJ_PER_KILOWATT_HOUR
        picos = (
            picos * UJ_PER_KILOWATT_HOUR
            + usage.engine_us * (card.engine_hour_picos or 0) * (UJ_PER_KILOWATT_HOUR // US_PER_HOUR)
            + usage.energy_uj * (card.kilowatt_hour_picos or 0)
        )
    if usage.audio_input_ms:
        picos = picos * MS_PER_MINUTE + _by_the_minute(usage, card) * (denominator // card.parts)
        denominator *= MS_PER_MINUTE
    return rounded(picos, denominator, card, exchange)


def rounded(picos: int, denominator: int, card: RateCard, exchange: Exchange | None) -> Money:
    """So many 1/denominator of a pico of a card's currency, in whole grains of the one wanted: half to even."""
    if exchange is None:
        return Money(round_half_even(picos, denominator * picos_per_grain(card.currency)), card.currency)
    assert exchange.base == card.currency, "an exchange starts from the card's currency"
    grains = round_half_even(
        picos * exchange.numerator, denominator * exchange.denominator * picos_per_grain(exchange.quote)
    )
    return Money(grains, exchange.quote)


def is_text(usage: Usage) -> bool:
    """Whether nothing but text was used, as of most answers."""
    return not (_has_more(usage) or usage.engine_us or usage.energy_uj)


def _has_more(usage: Usage) -> int:
    """Whether anything but text was used: most answers are text alone, and this is asked for each of them."""
    return (
        usage.audio_input_tokens
        or usage.image_input_tokens
        or usage.audio_output_tokens
        or usage.image_output_tokens
        or usage.web_searches
        or usage.cached_audio_input_tokens
        or usage.cached_image_input_tokens
        or usage.pictures
        or usage.characters
        or usage.audio_input_ms
        or usage.video_seconds
    )


def has_cached_or_thought(usage: Usage) -> int:
    """Whether text was read from a cache or written to one, or thought."""
    return (
        usage.cached_input_tokens
        or usage.reasoning_tokens
        or usage.cache_write_5m_tokens
        or usage.cache_write_1h_tokens
    )


def _cached_or_thought(usage: Usage, card: RateCard) -> int:
    return (
        usage.cached_input_tokens * (card.cached_input_picos or 0)
        + usage.cache_write_5m_tokens * (card.cache_write_5m_picos or 0)
        + usage.cache_write_1h_tokens * (card.cache_write_1h_picos or 0)
        + usage.reasoning_tokens * (card.reasoning_picos or 0)
    )


def _more(usage: Usage, card: RateCard) -> int:
    return (
        usage.audio_input_tokens * (card.audio_input_picos or 0)
        + usage.cached_audio_input_tokens * (card.cached_audio_input_picos or 0)
        + usage.image_input_tokens * (card.image_input_picos or 0)
        + usage.cached_image_input_tokens * (card.cached_image_input_picos or 0)
        + usage.audio_output_tokens * (card.audio_output_picos or 0)
        + usage.image_output_tokens * (card.image_output_picos or 0)
        + usage.web_searches * (card.web_search_picos or 0)
        + usage.pictures * (card.picture_picos or 0)
        + usage.characters * (card.character_picos or 0)
        + usage.video_seconds * (card.video_second_picos or 0)
    )


def _by_the_minute(usage: Usage, card: RateCard) -> int:
    """In 1/parts of a pico, times the milliseconds of a minute."""
    return usage.audio_input_ms * (card.audio_input_minute_picos or 0)


def beside_text(usage: Usage, card: RateCard) -> int:
    """What comes beside the text of an answer, and its output, in 1/parts of a pico, rounded up: for quotes."""
    by_the_minute = -(-_by_the_minute(usage, card) // MS_PER_MINUTE)
    return usage.output_tokens * (card.output_picos or 0) + _more(usage, card) + by_the_minute


def unpriced(usage: Usage, card: RateCard) -> tuple[str, ...]:
    """The buckets that were used and have no price of their own on this card: empty when all is well."""
    if card.engine_hour_picos is not None or card.answer_picos is not None:
        return ()
    if card.tiers:
        card = tier_for(card, all_input_tokens(usage))
    missing = []
    if usage.input_tokens and card.input_picos is None:
        missing.append("input")
    if usage.cached_input_tokens and card.cached_input_picos is None:
        missing.append("cached_input")
    if usage.cache_write_5m_tokens and is_unpriced("cache_write_5m", card):
        missing.append("cache_write_5m")
    if usage.cache_write_1h_tokens and is_unpriced("cache_write_1h", card):
        missing.append("cache_write_1h")
    if usage.output_tokens and card.output_picos is None:
        missing.append("output")
    if usage.reasoning_tokens and card.reasoning_picos is None:
        missing.append("reasoning")
    if _has_more(usage):
        missing += [bucket for bucket, used in _MORE if getattr(usage, used) and is_unpriced(bucket, card)]
        counted = [bucket for bucket, used in _COUNTED_TOO if getattr(usage, used)]
        if counted:
            return _unpriced_both_ways(counted, missing, usage, card)
    return tuple(missing)


def _unpriced_both_ways(
    counted: Sequence[str], missing: Sequence[str], usage: Usage, card: RateCard
) -> tuple[str, ...]:  # fmt: skip
    """Of what is counted in pictures, characters or time, and perhaps in tokens too: priced one way, it is priced.

    missing: the tokens without a price.
    """
    unknown = [bucket for bucket in counted if is_unpriced(bucket, card)]
    if not unknown:
        return ()
    has_tokens = bool(all_input_tokens(usage) or all_output_tokens(usage))
    return tuple(missing) if has_tokens else tuple(unknown)


_MORE: Final = (
    ("audio_input", "audio_input_tokens"),
    ("cached_audio_input", "cached_audio_input_tokens"),
    ("image_input", "image_input_tokens"),
    ("cached_image_input", "cached_image_input_tokens"),
    ("audio_output", "audio_output_tokens"),
    ("image_output", "image_output_tokens"),
    ("web_search", "web_searches"),
)
_COUNTED_TOO: Final = (
    ("picture", "pictures"),
    ("character", "characters"),
    ("audio_input_minute", "audio_input_ms"),
    ("video_second", "video_seconds"),
)


def is_unpriced(bucket: str, card: RateCard) -> bool:
    """Whether the card has no price of its own for a bucket."""
    return bucket in card.borrowed or getattr(card, f"{bucket}_picos") is None


# The prices that an answer can be paid by, whichever the card has: each of one of these groups.
Ways = Sequence[Sequence[str]]
BY_WORDS: Final[Ways] = (("input", "output"),)
BY_READING: Final[Ways] = (("input",),)
BY_PICTURES: Final[Ways] = (("picture",), ("input", "image_output"))
BY_RANKING: Final[Ways] = (("input",), ("web_search",))
BY_CHARACTERS: Final[Ways] = (("character",),)
BY_HEARING: Final[Ways] = (("audio_input_minute",), ("audio_input", "output"))
BY_FILMING: Final[Ways] = (("video_second",),)


def can_cost(card: RateCard, ways: Ways = BY_WORDS) -> bool:
    """Whether the card says what an answer costs us: in one of these ways, by the answer, or by engine time."""
    return _is_paid(card, ways) or card.answer_picos is not None or card.engine_hour_picos is not None


def can_sell(card: RateCard, ways: Ways = BY_WORDS) -> bool:
    """Whether an answer can be sold by the card: in one of these ways or by the answer, for those can be quoted.

    How long an answer will take is not known when money is held for it, so nothing is sold by the hour.
    """
    timed = card.engine_hour_picos is not None or card.kilowatt_hour_picos is not None
    return (_is_paid(card, ways) or card.answer_picos is not None) and not timed


def _is_paid(card: RateCard, ways: Ways) -> bool:
    for prices in ways:  # plain loops: this is asked of both cards for every answer
        for name in prices:
            if is_unpriced(name, card):
                break
        else:
            return True
    return False
