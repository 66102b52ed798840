"""Rating against an independent implementation with exact fractions: the same grain, rounded once."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.pricing.cards import EXCHANGES, TOKEN_FIELDS, cards, exchange_of, usages

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import can_cost, can_sell, rate, unpriced
from solvent.values.money import MINOR_DIGITS, Money
from solvent.values.usage import Usage


def exactly(usage: Usage, card: RateCard, exchange: Exchange | None) -> Money:
    """What an answer comes to, from the prices as people say them, in fractions of a whole unit until the end."""
    units = Fraction(card.answer_picos or 0, 10**12)
    for field in TOKEN_FIELDS:
        tokens = getattr(usage, field.replace("_picos", "_tokens"))
        units += tokens * Fraction(getattr(card, field) or 0, 10**12)
    units += Fraction(usage.engine_us, 3_600 * 10**6) * Fraction(card.engine_hour_picos or 0, 10**12)
    units += Fraction(usage.energy_uj, 3_600_000 * 10**6) * Fraction(card.kilowatt_hour_picos or 0, 10**12)
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
        # ties go to the even grain
        (Usage(input_tokens=1), RateCard("c", "USD", 0, "", input_picos=500), 0),
        (Usage(input_tokens=3), RateCard("c", "USD", 0, "", input_picos=500), 2),
        (Usage(input_tokens=5), RateCard("c", "USD", 0, "", input_picos=500), 2),
    ],
)  # fmt: skip
def test_worked_examples_come_to_the_grain(usage: Usage, card: RateCard, grains: int) -> None:
    assert rate(usage, card) == Money(grains, card.currency)


@given(usages(10**6), usages(10**6), cards())
@settings(deadline=None)
def test_more_usage_never_costs_less(less: Usage, more: Usage, card: RateCard) -> None:
    assert rate(less, card) <= rate(less + more, card)


def test_an_exchange_from_another_currency_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        rate(Usage(), RateCard("c", "USD", 0, ""), Exchange("EUR", "KRW", 1, 1, 0, ""))


@given(usages(9), cards())
@settings(deadline=None, max_examples=300)
def test_a_bucket_that_was_used_without_a_price_is_named(usage: Usage, card: RateCard) -> None:
    missing = {
        field.removesuffix("_picos")
        for field in TOKEN_FIELDS
        if getattr(usage, field.replace("_picos", "_tokens")) and getattr(card, field) is None
    }
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
def test_a_card_must_say_what_an_answer_comes_to(prices: dict[str, int], cost: bool, sell: bool) -> None:
    card = RateCard("c", "USD", 0, "", **prices)
    assert (can_cost(card), can_sell(card)) == (cost, sell)


@given(cards())
@settings(deadline=None)
def test_what_can_be_sold_by_a_card_could_cost_by_it_too(card: RateCard) -> None:
    assert can_cost(card) or not can_sell(card)
