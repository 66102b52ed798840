"""Dated cards: which prices hold at an instant, an hour of the day, a tariff, and how a receipt tells them apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import cards

from solvent.pricing.rate_card import (
    INPUT_FIELDS,
    OUTPUT_FIELDS,
    TARIFFS,
    Hours,
    RateCard,
    at_that_hour,
    by_name,
    card_at,
    in_tariff,
    tier_for,
)
from solvent.values.instant import instant

MINUTE_US = 60 * 10**6
DAY_US = 24 * 60 * MINUTE_US


def dated(*starts: int) -> list[RateCard]:
    return [RateCard("c", "USD", start, "", input_picos=start) for start in starts]


@given(st.lists(st.integers(0, 1_000), unique=True, max_size=9), st.integers(-1, 1_001))
@settings(deadline=None)
def test_the_newest_card_already_valid_is_taken(starts: list[int], at_us: int) -> None:
    cards = dated(*sorted(starts))
    expected = max((start for start in starts if start <= at_us), default=None)
    found = card_at(cards, at_us)
    assert (found and found.valid_from_us) == expected


def test_books_keep_the_cards_of_each_name_from_old_to_new() -> None:
    books = by_name([*dated(5, 1, 3), RateCard("d", "USD", 2, "")])
    assert [card.valid_from_us for card in books["c"]] == [1, 3, 5]
    assert [card.valid_from_us for card in books["d"]] == [2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), unique=True), st.integers(-1, 10))
@settings(deadline=None)
def test_a_correction_counts_from_the_date_of_what_it_corrects(dates: list[tuple[int, int]], at_us: int) -> None:
    book = by_name(RateCard("c", "USD", since, "", revision=revision) for since, revision in dates).get("c", ())
    expected = max((date for date in dates if date[0] <= at_us), default=None)
    found = card_at(book, at_us)
    assert (found and (found.valid_from_us, found.revision)) == expected


def test_the_version_tells_every_price_apart() -> None:
    """A receipt quotes the version: two prices that ever held must not share it."""
    day = instant("2026-11-01", "from")
    dates = (day, day + 1, day + 12 * 60 * MINUTE_US, day + DAY_US)
    made = [
        RateCard("c", "USD", since, "", revision=revision, variant=variant)
        for since in dates
        for revision in (1, 2)
        for variant in ("", "batch", "01:00-04:00", "01:00-04:00+batch")
    ]
    assert len({card.version for card in made}) == len(made)
    assert made[0].version == "c@2026-11-01"
    assert made[7].version == "c@2026-11-01.2+01:00-04:00+batch"
    assert made[16].version == "c@2026-11-01T12:00:00Z"


def hourly(*spans: tuple[int, int]) -> RateCard:
    hours = tuple(Hours(start, end, RateCard("c", "USD", 0, "", input_picos=start)) for start, end in spans)
    return RateCard("c", "USD", 0, "", hours=hours)


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [((30, 990), (30, 600, 989), (29, 990, 0)), ((1_380, 60), (1_380, 1_439, 0, 59), (60, 700, 1_379))],
)
def test_hours_have_prices_of_their_own_also_over_midnight(
    span: tuple[int, int], inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    card = hourly(span)
    for day in (0, 20_000):
        for minute in inside:
            at_us = day * DAY_US + minute * MINUTE_US
            assert {at_that_hour(card, at_us + extra) for extra in (0, MINUTE_US - 1)} == {card.hours[0].card}
            assert card_at([card], at_us) == card.hours[0].card
        assert all(card_at([card], day * DAY_US + minute * MINUTE_US) == card for minute in outside)


def test_a_tariff_is_found_by_its_name_at_any_hour() -> None:
    night = RateCard("c", "USD", 0, "", variant="01:00-04:00", tariffs=(
        RateCard("c", "USD", 0, "", variant="01:00-04:00+batch"),))  # fmt: skip
    card = RateCard("c", "USD", 0, "", tariffs=tuple(RateCard("c", "USD", 0, "", variant=name) for name in TARIFFS))
    assert in_tariff(card, "") == card
    assert [in_tariff(card, name) for name in TARIFFS] == list(card.tariffs)
    assert in_tariff(night, "batch") == night.tariffs[0]
    assert in_tariff(night, "flex") is None
    assert in_tariff(card, "scale") is None


@given(cards(), st.integers(0, 2 * 10**6))
@settings(deadline=None)
def test_the_highest_tier_that_is_exceeded_counts(card: RateCard, read: int) -> None:
    edges = [tier.above_tokens for tier in card.tiers if tier.above_tokens < read]
    assert tier_for(card, read).above_tokens == max(edges, default=0)


@given(cards())
@settings(deadline=None)
def test_the_dearest_prices_are_known_beforehand(card: RateCard) -> None:
    assert card.dearest_input_picos == max(getattr(card, field) or 0 for field in INPUT_FIELDS)
    assert card.dearest_output_picos == max(getattr(card, field) or 0 for field in OUTPUT_FIELDS)


def test_tiers_out_of_order_are_a_defect() -> None:
    high, low = (RateCard("c", "USD", 0, "", above_tokens=above) for above in (9, 3))
    with pytest.raises(AssertionError):
        RateCard("c", "USD", 0, "", tiers=(high, low))
