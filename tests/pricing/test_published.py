"""Published price lists become dated cards: exact, complete, and what cannot be metered is said."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.card_file import rate_cards
from solvent.pricing.published import (
    ALWAYS,
    Conditional,
    Published,
    Tiered,
    Variant,
    card_name,
    document_of,
    exact,
    in_decimals,
    published_name,
)
from solvent.pricing.rate_card import RateCard, card_at, in_tariff, tier_for
from solvent.values.errors import Invalid
from solvent.values.instant import instant, midnight_utc_us


def prices(**given: str | Tiered) -> dict[str, Tiered]:
    return {key: price if isinstance(price, Tiered) else Tiered(price) for key, price in given.items()}


def plain(**given: str | Tiered) -> Conditional:
    return Conditional(prices(**given))


def since(day: str, **given: str | Tiered) -> Conditional:
    return Conditional(prices(**given), start_date=day)


def listed(*dated: Conditional, variants: tuple[Variant, ...] = ()) -> Published:
    return Published("openai", "gpt", dated, variants, "a list")


def cards_of(one: Published) -> list[RateCard]:
    document = document_of(one).document
    assert document is not None
    return [card for card in rate_cards(document, "f") if isinstance(card, RateCard)]


def test_a_model_becomes_a_card_with_its_provider_and_source() -> None:
    drawn = document_of(listed(plain(input_mtok="2.50", output_mtok="10", cache_read_mtok="1.25")))
    assert drawn.left_out == ()
    assert drawn.document == {
        "card": "openai/gpt", "currency": "USD", "provider": "openai", "model": "gpt",
        "entries": [
            {"from": ALWAYS, "source": "a list", "input": "2.5", "output": "10", "cached_input": "1.25"},
        ],
    }  # fmt: skip
    assert card_name("google", "gemini@latest") == "google/gemini-at-latest"


def test_counts_are_priced_each() -> None:
    [card] = cards_of(listed(plain(input_mtok="1", output_mtok="1", web_searches_kcount="10", requests_kcount="5")))
    assert (card.web_search_picos, card.answer_picos) == (10**10, 5 * 10**9)


def test_each_date_is_an_entry_of_its_own() -> None:
    old, new = plain(input_mtok="5", output_mtok="30"), since("2026-08-21", input_mtok="4", output_mtok="20")
    cards = cards_of(listed(old, new))
    assert [(card.version, card.input_picos) for card in cards] == [
        ("openai/gpt@1970-01-01", 5_000_000), ("openai/gpt@2026-08-21", 4_000_000)]  # fmt: skip


def test_a_date_that_changes_nothing_is_no_entry() -> None:
    assert len(cards_of(listed(plain(input_mtok="5"), since("2026-08-21", input_mtok="5.00")))) == 1


def test_tiers_of_some_prices_hold_at_every_height() -> None:
    one = plain(
        input_mtok=Tiered("1", ((32_000, "2"), (128_000, "4"))), output_mtok=Tiered("8", ((32_000, "9"),)),
        cache_read_mtok="0.5",
    )  # fmt: skip
    [card] = cards_of(listed(one))
    assert [(t.above_tokens, t.input_picos, t.output_picos, t.cached_input_picos) for t in card.tiers] == [
        (32_000, 2_000_000, 9_000_000, 500_000), (128_000, 4_000_000, 9_000_000, 500_000)]  # fmt: skip


def test_a_tariff_begins_on_its_own_date_and_the_first_that_holds_counts() -> None:
    batch = Variant({"processing": "batch"}, since("2026-10-14", input_mtok="2.5"))
    later = Variant({"service_tier": "flex"}, since("2027-01-01", input_mtok="0.5", output_mtok="6"))
    flex = Variant({"service_tier": "flex"}, since("2026-10-15", input_mtok="0.25", output_mtok="3"))
    same = Variant({"service_tier": "default"}, plain())
    cards = cards_of(listed(plain(input_mtok="5", output_mtok="10"), variants=(batch, later, flex, same)))
    assert [card.version.partition("@")[2] for card in cards] == [ALWAYS, "2026-10-14", "2026-10-15", "2027-01-01"]
    found = [[in_tariff(card, name) for name in ("batch", "flex")] for card in cards]
    shown = [[one and (one.input_picos, one.output_picos) for one in row] for row in found]
    assert shown == [
        [None, None], [(2_500_000, 10_000_000), None], [(2_500_000, 10_000_000), (250_000, 3_000_000)],
        [(2_500_000, 10_000_000), (500_000, 6_000_000)],
    ]  # fmt: skip


def test_hours_of_the_day_are_kept_and_change_with_the_dates() -> None:
    one = listed(
        plain(input_mtok="1", output_mtok="2"),
        since("2026-08-17", input_mtok="3", output_mtok="4"),
        Conditional(prices(input_mtok="9", output_mtok="9"), hours=("01:00", "04:00")),
    )
    cards = cards_of(one)
    for day, expected in (("2026-08-16", 1_000_000), ("2026-08-17", 3_000_000)):
        night, noon = (card_at(cards, instant(f"{day}T{hour}:00:00Z", "at")) for hour in ("02", "12"))
        assert night is not None
        assert noon is not None
        assert (night.input_picos, noon.input_picos) == (9_000_000, expected)


@pytest.mark.parametrize(
    ("dated", "left_out"),
    [
        ((plain(),), ("it has no prices",)),
        ((plain(audio_hours="0.36"),), ("nothing here meters audio_hours",)),
        ((plain(input_mtok="1", audio_hours="0.36"),), ("nothing here meters audio_hours",)),
        ((plain(input_mtok="1", never_heard_of="2"),), ("nothing here meters never_heard_of",)),
    ],
)
def test_a_model_that_cannot_be_metered_has_no_card(dated: tuple[Conditional, ...], left_out: tuple[str, ...]) -> None:
    """Else what is not counted would cost nothing."""
    drawn = document_of(listed(*dated))
    assert drawn.document is None
    assert drawn.left_out == left_out


def test_what_is_left_out_is_said() -> None:
    route = Variant({"route": "eu"}, plain(input_mtok="1.1"))
    night = Variant({"processing": "batch"}, Conditional(prices(input_mtok="1"), hours=("01:00", "02:00")))
    one = listed(plain(input_mtok="1", output_mtok="2", storage_searches_kcount="2.5"), variants=(route, night))
    drawn = document_of(one)
    assert drawn.document is not None
    assert drawn.left_out == ("storage_searches_kcount", "prices when route is eu", "hours of batch")


def test_pictures_and_video_are_seen_alike_so_the_dearer_counts() -> None:
    one = plain(input_mtok="0.2", input_image_mtok="0.45", input_video_mtok="12", output_mtok="1")
    [card] = cards_of(listed(one))
    assert card.image_input_picos == 12_000_000


def test_an_embedding_writes_nothing() -> None:
    [card] = cards_of(listed(plain(input_mtok="0.02")))
    assert (card.input_picos, card.output_picos) == (20_000, 0)


@pytest.mark.parametrize(
    ("text", "per", "said"),
    [
        ("0.15", 1, "0.15"),
        ("10.00", 1, "10"),
        ("0", 1, "0"),
        ("0.18000000000000002", 1, "0.18"),
        ("1.0399999999999998", 1, "1.04"),
        ("0.0833333333333333", 1, "1/12"),
        ("0.041666666666666664", 1, "1/24"),
        ("0.1234567", 1, "0.123457"),  # a real seventh decimal: the dearer side of it
        ("10", 1_000, "0.01"),
        ("1", 3, "1/3"),
        ("0.0000025", 1, "0.000003"),
    ],
)
def test_the_noise_of_floats_is_taken_off_a_price(text: str, per: int, said: str) -> None:
    assert exact(text, per, "x") == said


@given(st.fractions(0, 10**6, max_denominator=10**9), st.sampled_from([1, 1_000]))
@settings(deadline=None)
def test_a_price_is_never_made_cheaper_and_hardly_dearer(price: Fraction, per: int) -> None:
    text = f"{price.numerator * 10**12 // price.denominator:013d}"
    text = f"{text[:-12]}.{text[-12:]}"
    said, meant = Fraction(exact(text, per, "x")), Fraction(text) / per
    assert meant * (1 - Fraction(1, 10**9)) <= said <= meant * (1 + Fraction(1, 10**9)) + Fraction(1, 10**6)


@given(st.floats(1e-5, 1e4))
@settings(deadline=None)
def test_a_float_of_six_decimals_comes_back_as_those(price: float) -> None:
    rounded = round(price, 6)
    assert Fraction(exact(f"{rounded:.20f}", 1, "x")) == Fraction(f"{rounded:.6f}")


@pytest.mark.parametrize("text", ["", "NaN", "-1", "1e-3", "Infinity", "1,5", "$1"])
def test_what_is_no_price_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        document_of(listed(plain(input_mtok=text)))
    assert "openai/gpt: input_mtok" in caught.value.message


@pytest.mark.parametrize("day", ["2026-13-01", "soon", "2026-11-01T00:00:00"])
def test_what_is_no_date_is_refused_by_name(day: str) -> None:
    with pytest.raises(Invalid) as caught:
        document_of(listed(plain(input_mtok="1"), since(day, input_mtok="2")))
    assert caught.value.code == "bad_price_list"
    assert "start_date" in caught.value.message


def test_names_of_prices_are_known_both_ways() -> None:
    assert published_name("cached_input") == "cache_read_mtok"
    assert published_name("answer") is None
    assert published_name("nothing") is None
    assert in_decimals(Fraction(1, 8)) == "0.125"


# What a list means, worked out in another way: the last price that holds, hours first, tier by tier.
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(date.isoformat)
AMOUNTS = st.decimals(0, 100, places=4).map(lambda price: f"{price:f}")
TIERED = st.builds(
    Tiered, AMOUNTS, st.lists(st.tuples(st.integers(1, 9).map(lambda n: n * 1_000), AMOUNTS), max_size=2, unique_by=(
        lambda tier: tier[0],)).map(lambda tiers: tuple(sorted(tiers))))  # fmt: skip
KEYS = ("input_mtok", "output_mtok", "cache_read_mtok")
PRICES = st.fixed_dictionaries({"input_mtok": TIERED, "output_mtok": TIERED}, optional={"cache_read_mtok": TIERED})
CONDITIONALS = st.builds(Conditional, PRICES, st.one_of(st.just(""), DAYS))
LISTS = st.lists(CONDITIONALS, min_size=1, max_size=4)


def means(dated: list[Conditional], day: str, read: int) -> dict[str, str]:
    found = dated[0]
    for one in dated:
        if not one.start_date or one.start_date <= day:
            found = one
    return {
        key: ([price.base] + [text for above, text in price.tiers if read > above])[-1]
        for key, price in found.prices.items()
    }


@given(LISTS, DAYS, st.integers(0, 10_000))
@settings(deadline=None, max_examples=300)
def test_a_card_says_on_each_day_and_at_each_height_what_the_list_means(
    dated: list[Conditional], day: str, read: int
) -> None:
    cards = cards_of(listed(*dated))
    found = card_at(cards, midnight_utc_us(date.fromisoformat(day)) + timedelta(hours=3).seconds * 10**6)
    assert found is not None
    tier: Any = tier_for(found, read)
    fields = {"input_mtok": "input_picos", "output_mtok": "output_picos", "cache_read_mtok": "cached_input_picos"}
    for key, text in means(dated, day, read).items():
        assert getattr(tier, fields[key]) == Fraction(text) * 10**6
