"""Rating against an independent implementation with exact fractions: the same grain, rounded once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.pricing.cards import EXCHANGES, USED, cards, exchange_of, usages

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import INPUT_FIELDS, RateCard
from solvent.pricing.rating import (
    BY_CHARACTERS,
    BY_FILMING,
    BY_HEARING,
    BY_PICTURES,
    BY_READING,
    BY_WORDS,
    Ways,
    can_cost,
    can_sell,
    rate,
    unpriced,
)
from solvent.values.money import MINOR_DIGITS, Money
from solvent.values.usage import BUCKETS, Usage, all_input_tokens

# Those a card can have no price of its own for and still charge: see `pricing.sheet`.
BORROWABLE = {"cache_write_5m", "cache_write_1h", "audio_input", "cached_audio_input", "audio_output", "image_output"}


def exactly(usage: Usage, card: RateCard, exchange: Exchange | None) -> Money:
    """What an answer comes to, from the prices as people say them, in fractions of a whole unit until the end."""
    read = sum(getattr(usage, USED[field]) for field in INPUT_FIELDS)
    prices = [card, *(tier for tier in card.tiers if read > tier.above_tokens)][-1]
    unit = Fraction(1, 10**12 * card.parts)
    units = (prices.answer_picos or 0) * unit
    for field, bucket in USED.items():
        units += getattr(usage, bucket) * (getattr(prices, field) or 0) * unit
    units += Fraction(usage.engine_us, 3_600 * 10**6) * (prices.engine_hour_picos or 0) * unit
    units += Fraction(usage.audio_input_ms, 60_000) * (prices.audio_input_minute_picos or 0) * unit
    units += Fraction(usage.energy_uj, 3_600_000 * 10**6) * (prices.kilowatt_hour_picos or 0) * unit
    currency = card.currency
    if exchange is not None:
        units *= Fraction(exchange.numerator, exchange.denominator)
        currency = exchange.quote
    return Money(round(units * 10 ** (7 + MINOR_DIGITS[currency])), currency)


@given(usages(), cards())
@settings(deadline=None, max_examples=300)
def test_rating_is_exact_and_rounded_once(usage: Usage, card: RateCard) -> None:
    assert rate(usage, card) == exactly(usage, card, None)


@given(usages(), cards(), EXCHANGES)
@settings(deadline=None, max_examples=300)
def test_rating_through_an_exchange_is_still_rounded_once(usage: Usage, card: RateCard, drawn: Exchange) -> None:
    exchange = exchange_of(card, drawn)
    assert rate(usage, card, exchange) == exactly(usage, card, exchange)


@given(usages(9), cards(), cards(), EXCHANGES)
@settings(deadline=None)
def test_what_was_worked_out_of_a_card_is_of_no_other(
    usage: Usage, card: RateCard, other: RateCard, drawn: Exchange
) -> None:
    """Not of one of the same name, nor of the same card in another currency."""
    exchange = exchange_of(card, drawn)
    for _ in range(2):
        assert rate(usage, card) == exactly(usage, card, None)
        assert rate(usage, card, exchange) == exactly(usage, card, exchange)
        assert rate(usage, other) == exactly(usage, other, None)


def test_rating_twice_would_show() -> None:
    """0.4 of a grain in dollars, times 1,400 won: rounding in between would give nothing."""
    card = RateCard("cheap", "USD", 0, "", input_picos=400)
    rate_of_won = Exchange("USD", "KRW", 1_400, 1, 0, "")
    assert rate(Usage(input_tokens=1), card).grains == 0
    assert rate(Usage(input_tokens=1), card, rate_of_won) == Money(6, "KRW")  # 5.6 grains of a won


@pytest.mark.parametrize(
    ("usage", "card", "grains"),
    [
        # gpt-4o-mini's list price, 0.15 and 0.60 dollars per million: 1,000 read and 500 written are 0.00045 dollars
        (Usage(input_tokens=1_000, output_tokens=500),
         RateCard("c", "USD", 0, "", input_picos=150_000, output_picos=600_000), 450_000),
        # one hour of an engine at 3,000 won and one kilowatt-hour at 150 won
        (Usage(engine_us=3_600_000_000, energy_uj=3_600_000_000_000),
         RateCard("c", "KRW", 0, "", engine_hour_picos=3_000 * 10**12, kilowatt_hour_picos=150 * 10**12),
         3_150 * 10**7),
        # a price per answer stands beside the tokens
        (Usage(input_tokens=1), RateCard("c", "KRW", 0, "", input_picos=10**5, answer_picos=2 * 10**5), 3),
        (Usage(), RateCard("c", "USD", 0, ""), 0),
        # gpt-audio: 2.50 and 10 dollars a million for text, 32 and 64 for sound
        (Usage(input_tokens=10, audio_input_tokens=1_000, output_tokens=20, audio_output_tokens=500),
         RateCard("c", "USD", 0, "", input_picos=2_500_000, output_picos=10_000_000, audio_input_picos=32_000_000,
                  audio_output_picos=64_000_000), 64_225_000),
        # two web searches at 10 dollars a thousand
        (Usage(web_searches=2), RateCard("c", "USD", 0, "", web_search_picos=10**10), 20_000_000),
        # three pictures at 4 cents; 1,000 characters at 15 dollars a million; 90 s at 0.6 cents a minute
        (Usage(pictures=3), RateCard("c", "USD", 0, "", picture_picos=4 * 10**10), 120_000_000),
        (Usage(characters=1_000), RateCard("c", "USD", 0, "", character_picos=15 * 10**6), 15_000_000),
        (Usage(audio_input_ms=90_000), RateCard("c", "USD", 0, "", audio_input_minute_picos=6 * 10**9), 9_000_000),
        # a twelfth of a dollar a million tokens: a million of them are a twelfth of a dollar
        (Usage(input_tokens=10**6), RateCard("c", "USD", 0, "", input_picos=250_000, parts=3), 83_333_333),
        # ties go to the even grain
        (Usage(input_tokens=1), RateCard("c", "USD", 0, "", input_picos=500), 0),
        (Usage(input_tokens=3), RateCard("c", "USD", 0, "", input_picos=500), 2),
        (Usage(input_tokens=5), RateCard("c", "USD", 0, "", input_picos=500), 2),
    ],
)  # fmt: skip
def test_worked_examples_come_to_the_grain(usage: Usage, card: RateCard, grains: int) -> None:
    assert rate(usage, card) == Money(grains, card.currency)


HALF_PRICE = RateCard("c", "USD", 0, "", input_picos=2 * 10**6, output_picos=10**6, above_tokens=200_000)
TIERED = RateCard("c", "USD", 0, "", input_picos=4 * 10**6, output_picos=3 * 10**6, tiers=(HALF_PRICE,))


@pytest.mark.parametrize(
    ("usage", "picos"),
    [
        (Usage(input_tokens=200_000, output_tokens=1), 200_000 * 4 * 10**6 + 3 * 10**6),
        (Usage(input_tokens=200_001, output_tokens=1), 200_001 * 2 * 10**6 + 10**6),  # the whole answer, not the rest
        (Usage(input_tokens=1, output_tokens=10**6), 4 * 10**6 + 3 * 10**12),  # what is written raises no tier
        (Usage(input_tokens=100_000, cached_input_tokens=50_001, image_input_tokens=50_000), 100_000 * 2 * 10**6),
    ],
)
def test_a_tier_is_reached_by_everything_that_was_read(usage: Usage, picos: int) -> None:
    assert rate(usage, TIERED) == Money(picos // 1_000, "USD")


@given(usages(10**6), usages(10**6), cards(tiers=False))
@settings(deadline=None)
def test_more_usage_never_costs_less(less: Usage, more: Usage, card: RateCard) -> None:
    assert rate(less, card) <= rate(less + more, card)


def test_an_exchange_from_another_currency_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        rate(Usage(), RateCard("c", "USD", 0, ""), Exchange("EUR", "KRW", 1, 1, 0, ""))


@given(usages(9), cards(), st.sets(st.sampled_from(sorted(BORROWABLE))))
@settings(deadline=None, max_examples=300)
def test_a_bucket_that_was_used_without_a_price_of_its_own_is_named(
    usage: Usage, card: RateCard, borrowed: set[str]
) -> None:
    card = replace(
        card, borrowed=tuple(borrowed), tiers=tuple(replace(t, borrowed=tuple(borrowed)) for t in card.tiers)
    )
    prices = [card, *(tier for tier in card.tiers if all_input_tokens(usage) > tier.above_tokens)][-1]
    missing = {
        field.removesuffix("_picos")
        for field, bucket in USED.items()
        if getattr(usage, bucket) and (getattr(prices, field) is None or field.removesuffix("_picos") in borrowed)
    }
    counted = {
        "picture": usage.pictures, "character": usage.characters, "audio_input_minute": usage.audio_input_ms,
        "video_second": usage.video_seconds,
    }  # fmt: skip
    unknown = {name for name, count in counted.items() if count and getattr(prices, f"{name}_picos") is None}
    if any(counted.values()):  # priced in pieces, or else in tokens
        tokens = any(getattr(usage, name) for name in BUCKETS if name.endswith("_tokens"))
        missing = set() if not unknown else missing - counted.keys() if tokens else unknown
    by_time = card.engine_hour_picos is not None or card.answer_picos is not None
    assert set(unpriced(usage, card)) == (set() if by_time else missing)


@pytest.mark.parametrize(
    ("prices", "cost", "sell"),
    [
        ({}, False, False),
        ({"input_picos": 1}, False, False),
        ({"output_picos": 1}, False, False),
        ({"kilowatt_hour_picos": 1}, False, False),
        ({"cached_input_picos": 1, "reasoning_picos": 1}, False, False),
        ({"input_picos": 0, "output_picos": 0}, True, True),
        ({"answer_picos": 1}, True, True),
        ({"engine_hour_picos": 1}, True, False),
        ({"input_picos": 1, "output_picos": 1, "engine_hour_picos": 1}, True, False),
        ({"answer_picos": 1, "kilowatt_hour_picos": 1}, True, False),
    ],
)
def test_a_card_must_say_what_an_answer_comes_to(prices: dict[str, Any], cost: bool, sell: bool) -> None:
    card = RateCard("c", "USD", 0, "", **prices)
    assert (can_cost(card), can_sell(card)) == (cost, sell)


PICTURE = {"picture_picos": 1}
DRAWN = {"input_picos": 1, "image_output_picos": 1}
HEARD = {"audio_input_picos": 1, "output_picos": 1}


@pytest.mark.parametrize(
    ("prices", "ways", "sell"),
    [
        (PICTURE, BY_PICTURES, True),
        (DRAWN, BY_PICTURES, True),
        (DRAWN | {"borrowed": ("image_output",)}, BY_PICTURES, False),  # what text costs is no price of a picture
        ({"input_picos": 1, "output_picos": 1}, BY_PICTURES, False),
        ({"character_picos": 1}, BY_CHARACTERS, True),
        ({"input_picos": 1, "output_picos": 1}, BY_CHARACTERS, False),
        ({"audio_input_minute_picos": 1}, BY_HEARING, True),
        (HEARD, BY_HEARING, True),
        (HEARD | {"borrowed": ("audio_input",)}, BY_HEARING, False),
        (PICTURE, BY_HEARING, False),
        ({"video_second_picos": 1}, BY_FILMING, True),
        (PICTURE | DRAWN | HEARD, BY_FILMING, False),
        ({"input_picos": 1}, BY_READING, True),
        (PICTURE, BY_READING, False),
        ({"answer_picos": 1}, BY_PICTURES, True),
        (PICTURE, BY_WORDS, False),
    ],
)
def test_each_kind_of_answer_has_ways_to_be_paid_by(prices: dict[str, Any], ways: Ways, sell: bool) -> None:
    card = RateCard("c", "USD", 0, "", **prices)
    assert (can_cost(card, ways), can_sell(card, ways)) == (sell, sell)


@given(cards())
@settings(deadline=None)
def test_what_can_be_sold_by_a_card_could_cost_by_it_too(card: RateCard) -> None:
    assert can_cost(card) or not can_sell(card)
