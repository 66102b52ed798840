"""Prices that follow cost: exact, rounded up, from date to date; and cost itself stays as it is."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.pricing.cards import USED, cards, usages

from solvent.pricing.card_file import rate_cards
from solvent.pricing.exchange import Exchange
from solvent.pricing.markup import Entry, Markup, books
from solvent.pricing.rate_card import Hours, RateCard, card_at, in_tariff
from solvent.pricing.rating import can_sell, rate, unpriced
from solvent.pricing.sheet import PRICES, TOKEN_PRICES, Head
from solvent.values.errors import Invalid
from solvent.values.usage import Usage

COST = RateCard("cost", "USD", 100, "", input_picos=150_000, output_picos=600_000, answer_picos=None)
DOLLARS = Exchange("USD", "KRW", 2771, 2, 0, "a bank")


def rule(currency: str = "USD", since: int = 0, revision: int = 1, of: str = "cost", **amounts: Any) -> Markup:
    head = Head("price", currency, "", "", since, "", revision)
    known = {"percent": Fraction(0), "fixed_picos": Fraction(0), "answer_picos": Fraction(0)}
    return Markup(head, of, **known | {name: Fraction(amount) for name, amount in amounts.items()})


def derived(rules: list[Entry], costs: list[RateCard], exchanges: tuple[Exchange, ...] = ()) -> tuple[RateCard, ...]:
    made = books({"price": rules, "cost": costs}, exchanges, "rate_cards")
    assert made["cost"] == tuple(costs), "what we pay is not touched"
    return made["price"]


def test_thirty_per_cent_on_top() -> None:
    [price] = derived([rule(percent=30)], [COST])
    assert (price.input_picos, price.output_picos) == (195_000, 780_000)
    assert (price.cached_input_picos, price.answer_picos) == (None, None), "what costs nobody knows what is not sold"
    assert (price.name, price.currency, price.valid_from_us) == ("price", "USD", 100)
    assert "cost@" in price.source
    assert "30 %" in price.source


def test_a_fixed_amount_a_token_and_one_an_answer() -> None:
    [price] = derived([rule(fixed_picos=50_000, answer_picos=2 * 10**9)], [replace(COST, web_search_picos=10**10)])
    assert (price.input_picos, price.output_picos, price.answer_picos) == (200_000, 650_000, 2 * 10**9)
    assert price.web_search_picos == 10**10, "a search is no token"


def test_won_for_dollars_at_the_rate_of_the_day() -> None:
    dearer = Exchange("USD", "KRW", 1400, 1, 500, "")
    other = Exchange("EUR", "KRW", 1, 1, 600, "")
    made = derived([rule("KRW", percent=10)], [COST], (DOLLARS, dearer, other))
    assert [card.valid_from_us for card in made] == [100, 500]
    assert made[0].input_picos == ceil(150_000 * Fraction(11, 10) * Fraction(2771, 2))
    assert made[1].input_picos == 150_000 * 11 * 1400 // 10
    assert {card.currency for card in made} == {"KRW"}
    assert derived([rule("KRW", percent=10)], [COST], (other,)) == (), "without a rate there is no price"


def test_a_new_cost_and_a_new_rule_each_begin_a_new_price() -> None:
    costs = [COST, replace(COST, valid_from_us=300, input_picos=100_000)]
    rules: list[Entry] = [rule(since=200, percent=10), rule(since=400, percent=50)]
    made = derived(rules, costs)
    assert [(card.valid_from_us, card.input_picos) for card in made] == [(200, 165_000), (300, 110_000), (400, 150_000)]
    assert card_at(made, 199) is None, "the rule had not begun"


def test_a_plain_entry_ends_a_rule() -> None:
    plain = RateCard("price", "USD", 300, "", input_picos=7)
    made = derived([rule(percent=10), plain], [COST, replace(COST, valid_from_us=350)])
    assert [(card.valid_from_us, card.input_picos) for card in made] == [(100, 165_000), (300, 7)]


def test_a_corrected_cost_and_a_corrected_rule_are_corrected_prices() -> None:
    costs = [COST, replace(COST, revision=2, input_picos=100_000)]
    [price] = derived([rule(percent=10)], costs)
    assert (price.input_picos, price.revision) == (110_000, 2)
    [again] = derived([rule(since=100, percent=10), rule(since=100, percent=20, revision=2)], costs)
    assert (again.input_picos, again.revision) == (120_000, 3)
    assert len({card.version for card in (price, again)}) == 2


def test_tiers_tariffs_and_hours_are_marked_up_alike() -> None:
    tier = replace(COST, above_tokens=200_000, input_picos=300_000)
    batch = replace(COST, variant="batch", input_picos=75_000)
    night = replace(COST, variant="01:00-04:00", input_picos=50_000, tariffs=(
        replace(batch, variant="01:00-04:00+batch"),))  # fmt: skip
    cost = replace(COST, tiers=(tier,), tariffs=(batch,), hours=(Hours(60, 240, night),), borrowed=("audio_input",))
    [price] = derived([rule(percent=100)], [cost])
    assert [one.input_picos for one in (price.tiers[0], price.tariffs[0], price.hours[0].card)] == [
        600_000, 150_000, 100_000]  # fmt: skip
    found = in_tariff(price.hours[0].card, "batch")
    assert found is not None
    assert (found.input_picos, found.version) == (150_000, "price@1970-01-01T00:00:00.000100Z+01:00-04:00+batch")
    assert price.borrowed == ("audio_input",)


@pytest.mark.parametrize(
    ("followed", "named"),
    [
        ({}, "'cost', which is not there"),
        ({"cost": [rule(of="other", percent=1)], "other": [COST]}, "itself a markup"),
        ({"cost": [replace(COST, engine_hour_picos=1)]}, "by the hour"),
        ({"cost": [COST, replace(COST, valid_from_us=900, kilowatt_hour_picos=1)]}, "by the hour"),
    ],
)
def test_a_markup_of_what_cannot_be_sold_on_is_refused(followed: dict[str, list[Entry]], named: str) -> None:
    with pytest.raises(Invalid) as caught:
        books({"price": [rule(percent=1)], **followed}, (), "rate_cards")
    assert caught.value.code == "bad_rate_card"
    assert named in caught.value.message
    assert "rate_cards: price is a markup" in caught.value.message


AMOUNTS = st.fractions(0, 10**6, max_denominator=10)


@given(
    cards(by_the_hour=False, currency=st.just("USD")), st.fractions(-99, 1_000, max_denominator=7), AMOUNTS, AMOUNTS,
    st.integers(1, 10**6), st.integers(1, 10**6),
)  # fmt: skip
@settings(deadline=None, max_examples=200)
def test_each_price_is_the_rule_to_the_next_whole_pico(
    card: RateCard, percent: Fraction, fixed: Fraction, each: Fraction, above: int, below: int
) -> None:
    exchange = Exchange("USD", "KRW", above, below, 0, "")
    cost = replace(card, name="cost")
    [price] = derived([rule("KRW", percent=percent, fixed_picos=fixed, answer_picos=each)], [cost], (exchange,))
    times = (1 + percent / 100) * Fraction(above, below) / card.parts
    for one, other in ((cost, price), *zip(cost.tiers, price.tiers, strict=True)):
        assert other.parts == 1
        for name, (field, _) in PRICES.items():
            paid, asked = getattr(one, field), getattr(other, field)
            if field == "answer_picos":
                expected = ceil((paid or 0) * times) + ceil(each)
                assert (asked or 0) == expected
            elif paid is None:
                assert asked is None
            else:
                exact = paid * times + (fixed if name in TOKEN_PRICES else 0)
                assert 0 <= asked - exact < 1


@given(usages(10**6, engine=False), cards(by_the_hour=False, currency=st.just("USD")), st.integers(0, 500))
@settings(deadline=None, max_examples=200)
def test_no_answer_is_sold_below_cost_by_a_markup(usage: Usage, card: RateCard, percent: int) -> None:
    cost = replace(card, name="cost")
    [price] = derived([rule(percent=percent)], [cost])
    assert rate(usage, cost) <= rate(usage, price)
    assert can_sell(price) == can_sell(cost)
    assert unpriced(usage, price) == unpriced(usage, cost)
    assert len(USED) == 16


def test_a_markup_card_is_written_as_a_card() -> None:
    document = {
        "card": "price", "currency": "USD",
        "entries": [
            {"from": "2026-11-01", "markup": {"of": "cost", "percent": "30", "per_answer": "0.001"}},
            {"from": "2026-12-01", "input": "1", "output": "2"},
        ],
    }  # fmt: skip
    made = books({"price": rate_cards(document, "f"), "cost": [COST]}, (), "f")["price"]
    assert [(card.input_picos, card.answer_picos) for card in made] == [(195_000, 10**9), (10**6, None)]
