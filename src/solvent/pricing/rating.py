"""Rating: usage times prices is money. The only place in the house where money is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from solvent.pricing.exchange import Exchange
from solvent.pricing.lines import MS_PER_MINUTE, counted, lines_for
from solvent.pricing.rate_card import RateCard
from solvent.pricing.unpriced import is_unpriced
from solvent.values.money import Money
from solvent.values.usage import Usage


def rate(usage: Usage, card: RateCard, exchange: Exchange | None = None) -> Money:
    """What an answer of this usage comes to, rounded once, half to even.

    exchange: from the card's currency to the one wanted; None leaves it in the card's currency.
    An unpriced bucket adds nothing here: ask `unpriced` whether there was one.
    """
    places, counts = counted(usage)
    lines = lines_for(usage, places, card, exchange)
    return Money(lines.grains(counts), lines.currency)


def beside_text(usage: Usage, card: RateCard) -> int:
    """What comes beside the text of an answer, and its output, in 1/parts of a pico, rounded up: for quotes."""
    by_the_minute = -(-usage.audio_input_ms * (card.audio_input_minute_picos or 0) // MS_PER_MINUTE)
    return usage.output_tokens * (card.output_picos or 0) + _more(usage, card) + by_the_minute


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


def unpriced(usage: Usage, card: RateCard) -> tuple[str, ...]:
    """The prices that were used and are not on this card: empty when all is well."""
    return lines_for(usage, counted(usage)[0], card).unpriced


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
