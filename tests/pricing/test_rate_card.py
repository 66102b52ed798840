"""Card files: what is written is what is charged, and a slip of the pen is found before it costs anything."""

from __future__ import annotations

import csv
import gzip
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.card_file import rate_cards
from solvent.pricing.rate_card import RateCard, by_name, card_at
from solvent.pricing.sheet import PRICES
from solvent.values.errors import Invalid
from solvent.values.instant import instant

PUBLIC_PRICES = Path(__file__).parents[3] / "shared/data/prices/genai_prices_flat.csv.gz"
ENTRY: dict[str, object] = {"from": "2026-11-01", "source": "list price", "input": "0.15", "output": "0.60"}
CARD: dict[str, object] = {"card": "mini", "currency": "USD", "entries": [ENTRY]}


def with_entry(**fields: object) -> dict[str, object]:
    return CARD | {"entries": [ENTRY | fields]}


def test_a_card_is_read_into_whole_picos() -> None:
    [card] = rate_cards(CARD, "mini.yaml")
    assert card == RateCard(
        "mini", "USD", instant("2026-11-01", "from"), "list price", input_picos=150_000, cached_input_picos=150_000,
        output_picos=600_000, reasoning_picos=600_000,
    )  # fmt: skip
    assert card.version == "mini@2026-11-01"


def test_every_price_has_its_own_unit() -> None:
    names = {"input", "cached_input", "cache_write_5m", "cache_write_1h", "output", "reasoning"}
    [card] = rate_cards(with_entry(**dict.fromkeys(PRICES, "2")), "f")
    for name, (field, _) in PRICES.items():
        assert getattr(card, field) == (2_000_000 if name in names else 2 * 10**12)


def test_an_unpriced_cache_and_unpriced_thoughts_cost_the_dearer_price() -> None:
    [card] = rate_cards(CARD, "f")
    assert (card.cached_input_picos, card.reasoning_picos) == (card.input_picos, card.output_picos)
    [own] = rate_cards(with_entry(cached_input="0", reasoning="0.01"), "f")
    assert (own.cached_input_picos, own.reasoning_picos) == (0, 10_000)
    assert (card.cache_write_5m_picos, card.cache_write_1h_picos, card.answer_picos) == (None, None, None)


WRONG_TEXTS = ["", "1e-6", "NaN", ".5", "$1", "1,5", "0" * 99]
NOT_TEXTS: list[object] = [None, True, 3, [], {}, ["1"]]
MALFORMED: list[tuple[object, str, str]] = [
    # document, code, what the message must name
    (None, "bad_rate_card", "mapping"),
    ([], "bad_rate_card", "mapping"),
    ("card", "bad_rate_card", "mapping"),
    (CARD | {"prices": []}, "bad_rate_card", "'prices'"),
    ({k: v for k, v in CARD.items() if k != "card"}, "bad_rate_card", "`card`"),
    (CARD | {"card": ""}, "bad_rate_card", "`card`"),
    (CARD | {"card": "a@b"}, "bad_rate_card", "`card`"),
    (CARD | {"card": 7}, "bad_rate_card", "`card`"),
    ({k: v for k, v in CARD.items() if k != "currency"}, "bad_rate_card", "`currency`"),
    (CARD | {"currency": 5}, "bad_rate_card", "`currency`"),
    (CARD | {"currency": "usd"}, "unknown_currency", "'usd'"),
    ({k: v for k, v in CARD.items() if k != "entries"}, "bad_rate_card", "`entries`"),
    (CARD | {"entries": []}, "bad_rate_card", "`entries`"),
    (CARD | {"entries": {"from": "2026-11-01"}}, "bad_rate_card", "`entries`"),
    (CARD | {"entries": ["0.15"]}, "bad_rate_card", "entries[0]"),
    (with_entry(inputs="1"), "bad_rate_card", "'inputs'"),
    (CARD | {"entries": [{"input": "1"}]}, "bad_rate_card", "`from`"),
    (with_entry(**{"from": "someday"}), "not_a_date", "from"),
    (with_entry(**{"from": ""}), "not_a_date", "from"),
    (CARD | {"entries": [ENTRY, ENTRY]}, "bad_rate_card", "entries"),
    (CARD | {"entries": [ENTRY, ENTRY | {"from": "2026-10-01"}]}, "bad_rate_card", "old to new"),
    *[(with_entry(**{name: "cheap"}), "not_a_decimal", name) for name in PRICES],
    *[(with_entry(**{name: "-1"}), "bad_price", name) for name in PRICES],
    *[(with_entry(**{name: "1" + "0" * 19}), "bad_price", name) for name in PRICES],
    *[(with_entry(**{name: "0.0000000000001"}), "bad_price", name) for name in PRICES],
    *[(with_entry(**{name: wrong}), "not_a_decimal", name) for name in PRICES for wrong in WRONG_TEXTS],
    *[(with_entry(**{name: wrong}), "not_a_decimal", name) for name in PRICES for wrong in NOT_TEXTS],
]  # fmt: skip


@pytest.mark.parametrize(("document", "code", "named"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_card_is_refused_by_file_and_field(document: object, code: str, named: str) -> None:
    with pytest.raises(Invalid) as caught:
        rate_cards(document, "cards/mini.yaml")
    assert caught.value.code == code
    assert named in caught.value.message


@pytest.mark.parametrize(("document", "code", "named"), MALFORMED, ids=range(len(MALFORMED)))
def test_the_message_says_which_file_is_wrong(document: object, code: str, named: str) -> None:
    del code, named
    with pytest.raises(Invalid) as caught:
        rate_cards(document, "cards/mini.yaml")
    assert "cards/mini.yaml" in caught.value.message


@pytest.mark.parametrize("price", [0.15, 0.1 + 0.2, 3.0, 1e-05, float("nan"), float("inf")])
def test_a_float_never_becomes_a_price(price: float) -> None:
    with pytest.raises(Invalid):
        rate_cards(with_entry(input=price), "f")


def test_prices_stay_texts_on_their_way_out_of_yaml() -> None:
    written = "{card: mini, currency: USD, entries: [{from: 2026-11-01, input: 0.10, output: 3}]}"
    [card] = rate_cards(yaml.load(written, Loader=yaml.BaseLoader), "f")
    assert (card.input_picos, card.output_picos) == (100_000, 3_000_000)


WORDS = st.sampled_from(["card", "currency", "entries", "from", "input", "USD", "x"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
)


@given(ANYTHING)
@settings(deadline=None, max_examples=300)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        rate_cards(document, "f")
    except Invalid as refused:
        code = refused.code
    else:
        code = ""
    assert code in ("", "bad_rate_card", "bad_price", "not_a_decimal", "not_a_date", "unknown_currency")


def dated(*starts: int) -> list[RateCard]:
    return [RateCard("c", "USD", start, "", input_picos=start) for start in starts]


@given(st.lists(st.integers(0, 1_000), unique=True, max_size=9), st.integers(-1, 1_001))
@settings(deadline=None)
def test_the_newest_card_already_valid_is_taken(starts: list[int], at_us: int) -> None:
    cards = dated(*sorted(starts))
    expected = max((start for start in starts if start <= at_us), default=None)
    found = card_at(cards, at_us)
    assert (found and found.valid_from_us) == expected


def test_a_new_entry_supersedes_and_leaves_the_old_in_force_before_it() -> None:
    document = CARD | {"entries": [ENTRY, ENTRY | {"from": "2026-12-01T00:00:00+09:00", "input": "0.10"}]}
    cards = rate_cards(document, "f")
    switch_us = instant("2026-11-30T15:00:00Z", "at")
    before, after = card_at(cards, switch_us - 1), card_at(cards, switch_us)
    assert before is not None
    assert after is not None
    assert (before.input_picos, after.input_picos) == (150_000, 100_000)
    assert card_at(cards, instant("2026-10-31T23:59:59.999999Z", "at")) is None


def test_books_keep_the_cards_of_each_name_from_old_to_new() -> None:
    books = by_name([*dated(5, 1, 3), RateCard("d", "USD", 2, "")])
    assert [card.valid_from_us for card in books["c"]] == [1, 3, 5]
    assert [card.valid_from_us for card in books["d"]] == [2]


def test_two_prices_of_one_day_have_versions_that_tell_them_apart() -> None:
    """A receipt quotes the version: two cards in force on one day must not share it."""
    entries = [ENTRY | {"from": "2026-11-01T00:00:00Z"}, ENTRY | {"from": "2026-11-01T12:00:00Z", "input": "9"}]
    try:
        cards = rate_cards(CARD | {"entries": entries}, "f")
    except Invalid:
        return
    assert len({card.version for card in cards}) == 2


def public_prices() -> list[str]:
    """Every list price as the texts they are published as; tiers count one by one."""
    if not PUBLIC_PRICES.is_file():
        pytest.skip(f"{PUBLIC_PRICES} is not here: public list prices are not part of the project")
    with gzip.open(PUBLIC_PRICES, "rt", encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.DictReader(file) for name, cell in row.items() if name.endswith("_mtok") and cell]
    prices = []
    for cell in cells:
        if cell.startswith("{"):
            tiered = json.loads(cell, parse_float=str, parse_int=str)
            prices += [tiered["base"], *(tier["price"] for tier in tiered["tiers"])]
        else:
            prices.append(cell)
    return prices


def test_public_prices_are_whole_picos_but_for_two_in_a_thousand() -> None:
    prices = public_prices()
    assert len(prices) > 2_000
    whole = [price for price in prices if (Fraction(price) * 10**6).denominator == 1]
    assert round(len(whole) * 100 / len(prices), 1) >= 99.8
    for price in whole:
        [card] = rate_cards(with_entry(input=price), "f")
        assert card.input_picos == Fraction(price) * 10**6
    for price in set(prices) - set(whole):
        with pytest.raises(Invalid):
            rate_cards(with_entry(input=price), "f")
