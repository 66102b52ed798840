"""The prices in force at an instant: both books, in the right currency, or the model is not sold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answering.desks import COST, PRICE, Scripted

from solvent.answering.route import Prices, Route, prices_at
from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import MINUTES_PER_DAY, US_PER_MINUTE, Hours, RateCard
from solvent.values.errors import Invalid

DOLLARS = RateCard("dollars", "USD", 0, "", input_picos=1, output_picos=1)
RATE = Exchange("USD", "KRW", 1_400, 1, 100, "")


def route(cost: list[RateCard], price: list[RateCard]) -> Route:
    return Route("house", "upstream", Scripted([]), 100, cost, price)


def test_the_cards_valid_at_the_instant_are_taken() -> None:
    newer = RateCard("price", "KRW", 50, "", input_picos=1, output_picos=1)
    both = route([COST], [PRICE, newer])
    assert prices_at(both, "KRW", [], 49).price == PRICE
    assert prices_at(both, "KRW", [], 50).price == newer


def test_a_cost_in_another_currency_needs_a_rate_that_is_valid() -> None:
    abroad = route([DOLLARS], [PRICE])
    assert prices_at(abroad, "KRW", [RATE], 100).cost_exchange == RATE
    assert prices_at(route([COST], [PRICE]), "KRW", [RATE], 100).cost_exchange is None
    with pytest.raises(Invalid) as caught:
        prices_at(abroad, "KRW", [RATE], 99)
    assert caught.value.code == "model_unpriced"


def test_prices_that_still_hold_are_the_same_ones_and_others_never_are() -> None:
    newer, later = (
        RateCard("price", "KRW", 50, "", input_picos=1, output_picos=1),
        Exchange("USD", "KRW", 9, 1, 200, ""),
    )
    both = route([DOLLARS], [PRICE, newer])
    first = prices_at(both, "KRW", [RATE], 100)
    assert prices_at(both, "KRW", [RATE], 199) is first
    assert prices_at(both, "KRW", [RATE, later], 200) == Prices(DOLLARS, newer, later)
    assert prices_at(both, "KRW", [RATE, later], 199) == first
    with pytest.raises(Invalid):
        prices_at(both, "KRW", [], 199)
    with pytest.raises(Invalid):
        prices_at(both, "USD", [RATE], 199)


INSTANTS = st.integers(0, 60).map(lambda halves: halves * US_PER_MINUTE // 2) | st.integers(0, 30 * US_PER_MINUTE)
MINUTES = st.integers(0, 30) | st.just(MINUTES_PER_DAY - 1)


@st.composite
def dated(draw: st.DrawFn, currency: str) -> list[RateCard]:
    """Cards that follow each other, some with hours of their own."""
    cards = []
    for since_us in sorted(draw(st.lists(INSTANTS, max_size=3))):
        own = RateCard("own", currency, since_us, "", input_picos=1, output_picos=1)
        hours = [Hours(*edges, own) for edges in draw(st.lists(st.tuples(MINUTES, MINUTES), max_size=1))]
        cards.append(RateCard("card", currency, since_us, "", input_picos=1, output_picos=1, hours=tuple(hours)))
    return cards


@given(dated("USD"), dated("KRW"), st.lists(INSTANTS, max_size=3, unique=True), st.lists(INSTANTS, max_size=12))
@settings(deadline=None, max_examples=200)
def test_whatever_was_asked_before_the_prices_are_those_of_the_instant(
    cost: list[RateCard], price: list[RateCard], rates_us: list[int], asked_us: list[int]
) -> None:
    rates = [Exchange("USD", "KRW", since_us + 1, 1, since_us, "") for since_us in rates_us]
    asked_before = route(cost, price)
    for at_us in asked_us:
        try:
            expected = prices_at(route(cost, price), "KRW", rates, at_us)
        except Invalid:
            with pytest.raises(Invalid):
                prices_at(asked_before, "KRW", rates, at_us)
        else:
            found = prices_at(asked_before, "KRW", rates, at_us)
            assert (found.cost, found.price, found.cost_exchange) == (
                expected.cost, expected.price, expected.cost_exchange,
            )  # fmt: skip


NOT_YET = RateCard("later", "KRW", 10**18, "", input_picos=1, output_picos=1)
HALF = RateCard("half", "KRW", 0, "", input_picos=1)
BY_THE_HOUR = RateCard("hours", "KRW", 0, "", engine_hour_picos=10**12)


@pytest.mark.parametrize(
    ("cost", "price"),
    [([], [PRICE]), ([COST], []), ([NOT_YET], [PRICE]), ([COST], [NOT_YET]), ([HALF], [PRICE]), ([COST], [HALF]),
     ([COST], [DOLLARS])],
)  # fmt: skip
def test_what_has_no_price_is_not_sold(cost: list[RateCard], price: list[RateCard]) -> None:
    with pytest.raises(Invalid) as caught:
        prices_at(route(cost, price), "KRW", [RATE], 100)
    assert (caught.value.code, caught.value.param) == ("model_unpriced", "model")


def test_our_own_engine_may_cost_by_the_hour() -> None:
    assert prices_at(route([BY_THE_HOUR], [PRICE]), "KRW", [], 0).cost == BY_THE_HOUR


@pytest.mark.parametrize(
    "price",
    [BY_THE_HOUR, RateCard("both", "KRW", 0, "", input_picos=1, output_picos=1, engine_hour_picos=10**12),
     RateCard("power", "KRW", 0, "", input_picos=1, output_picos=1, kilowatt_hour_picos=10**12)],
)  # fmt: skip
def test_nothing_is_sold_by_the_hour_for_no_quote_bounds_it(price: RateCard) -> None:
    """How long an answer will take is not known when money is held for it."""
    with pytest.raises(Invalid):
        prices_at(route([COST], [price]), "KRW", [], 0)
