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
from solvent.pricing.markup import Markup
from solvent.pricing.rate_card import RateCard, card_at, in_tariff, of_kind
from solvent.pricing.rerate import card_by_rights
from solvent.pricing.sheet import PRICES, TOKEN_PRICES
from solvent.values.errors import Invalid
from solvent.values.instant import instant

PUBLIC_PRICES = Path(__file__).parents[3] / "shared/data/prices/genai_prices_flat.csv.gz"
ENTRY: dict[str, object] = {"from": "2026-11-01", "source": "list price", "input": "0.15", "output": "0.60"}
CARD: dict[str, object] = {"card": "mini", "currency": "USD", "entries": [ENTRY]}


def with_entry(**fields: object) -> dict[str, object]:
    return CARD | {"entries": [ENTRY | fields]}


def read(document: object) -> list[RateCard]:
    """The cards of a document that has prices."""
    return [card for card in rate_cards(document, "cards/mini.yaml") if isinstance(card, RateCard)]


def prices_of(card: RateCard) -> dict[str, Any]:
    """What a card says, in picos a unit."""
    fields = {name: getattr(card, field) for name, (field, _) in PRICES.items()}
    return {name: Fraction(picos, card.parts) for name, picos in fields.items() if picos is not None}


def test_a_card_is_read_into_whole_picos() -> None:
    [card] = read(CARD | {"provider": "openai", "model": "gpt-4o-mini"})
    assert (card.name, card.currency, card.source, card.parts) == ("mini", "USD", "list price", 1)
    assert (card.provider, card.model) == ("openai", "gpt-4o-mini")
    assert (card.valid_from_us, card.version) == (instant("2026-11-01", "from"), "mini@2026-11-01")
    assert (card.input_picos, card.output_picos) == (150_000, 600_000)


def test_kinds_of_an_answer_have_prices_of_their_own() -> None:
    kinds = {"1024x1024/hd": {"picture": "0.08"}, "512x512": {"picture": "0.018"}}
    [card] = read(with_entry(picture="0.04", kinds=kinds, tariffs={"batch": {"picture": "0.02"}}))
    hd, plain = of_kind(card, "1024x1024/hd"), of_kind(card, "")
    assert hd is not None
    assert (hd.picture_picos, hd.version) == (80_000_000_000, f"{card.version}+1024x1024/hd")
    assert card_by_rights([card], hd.version, card.valid_from_us) == hd, "it is re-rated as what it was"
    assert plain == card
    assert of_kind(card, "2048x2048") is None, "what has no price is not sold at another"
    [same] = read(with_entry(picture="0.04", tariffs={"batch": {"picture": "0.02"}}))
    assert of_kind(same, "2048x2048") == same, "one price for all of them"


def test_every_price_has_its_own_unit() -> None:
    [card] = read(with_entry(**dict.fromkeys(PRICES, "2")))
    for name, (field, _) in PRICES.items():
        assert getattr(card, field) == (2_000_000 if name in TOKEN_PRICES else 2 * 10**12)
    assert set(PRICES) - TOKEN_PRICES == {
        "web_search", "answer", "engine_hour", "kilowatt_hour", "picture", "audio_input_minute",
            "video_second"}  # fmt: skip


def test_a_price_that_is_left_out_follows_the_price_it_is_part_of() -> None:
    [card] = read(CARD)
    assert (card.cached_input_picos, card.reasoning_picos) == (card.input_picos, card.output_picos)
    assert (card.image_input_picos, card.cached_image_input_picos) == (card.input_picos, card.input_picos)
    [own] = read(with_entry(cached_input="0", reasoning="0.01"))
    assert (own.cached_input_picos, own.reasoning_picos) == (0, 10_000)
    assert own.cached_image_input_picos == 0
    [seen] = read(with_entry(cached_input="0.01", image_input="5"))
    assert (seen.image_input_picos, seen.cached_image_input_picos) == (5_000_000, 5_000_000)
    assert (card.web_search_picos, card.answer_picos) == (None, None)


def test_what_is_mostly_dearer_than_text_is_charged_as_text_and_said_so() -> None:
    [card] = read(CARD)
    lent = {"cache_write_5m", "cache_write_1h", "audio_input", "cached_audio_input", "audio_output", "image_output"}
    assert set(card.borrowed) == lent
    assert (card.cache_write_1h_picos, card.audio_output_picos) == (card.input_picos, card.output_picos)
    [own] = read(with_entry(cache_write_5m="0.2", audio_input="9", image_output="30"))
    assert set(own.borrowed) == {"cache_write_1h", "audio_output"}
    assert (own.cache_write_1h_picos, own.cached_audio_input_picos) == (200_000, 9_000_000)


def test_a_card_without_prices_by_the_token_borrows_none() -> None:
    entry = {"from": "2026-11-01", "engine_hour": "120"}
    [card] = read(CARD | {"entries": [entry]})
    assert prices_of(card) == {"engine_hour": 120 * 10**12}
    assert card.borrowed == ()


@pytest.mark.parametrize(
    ("text", "picos"),
    [
        ("1/12", Fraction(10**6, 12)),
        ("2/3", Fraction(2 * 10**6, 3)),
        ("0.5/2", Fraction(10**6, 4)),
        ("12/1", Fraction(12 * 10**6)),
    ],
)
def test_a_fraction_stays_exact(text: str, picos: Fraction) -> None:
    [card] = read(with_entry(input=text))
    assert Fraction(card.input_picos or 0, card.parts) == picos
    assert Fraction(card.output_picos or 0, card.parts) == 600_000


def test_a_tier_changes_what_it_names_and_inherits_the_rest() -> None:
    tiers = [{"above": "128000", "input": "0.3"}, {"above": "200000", "output": "2", "cached_input": "0.01"}]
    [card] = read(with_entry(cache_write_5m="0.2", tiers=tiers))
    assert [tier.above_tokens for tier in card.tiers] == [128_000, 200_000]
    first, second = map(prices_of, card.tiers)
    assert (first["input"], first["cached_input"], first["output"]) == (300_000, 300_000, 600_000)
    assert (second["input"], second["cached_input"], second["output"]) == (150_000, 10_000, 2_000_000)
    assert first["cache_write_5m"] == second["cache_write_5m"] == 200_000
    assert {tier.version for tier in card.tiers} == {card.version}


def test_a_tariff_multiplies_exactly_and_then_names_its_own_prices() -> None:
    entry = with_entry(
        web_search="0.01",
        tiers=[{"above": "200000", "input": "0.3", "output": "0.9"}],
        tariffs={
            "batch": {"times": "1/2"},
            "flex": {"times": "1/3", "output": "0.1"},
            "priority": {"input": "1", "tiers": [{"above": "272000", "output": "7"}]},
        },
    )
    [card] = read(entry)
    batch, flex, priority = (in_tariff(card, name) for name in ("batch", "flex", "priority"))
    assert batch is not None
    assert flex is not None
    assert priority is not None
    assert batch.version == "mini@2026-11-01+batch"
    assert (prices_of(batch)["input"], prices_of(batch)["web_search"]) == (75_000, 10**10), "tokens only"
    assert prices_of(batch.tiers[0])["output"] == 450_000
    assert (prices_of(flex)["input"], prices_of(flex)["output"]) == (50_000, 100_000)
    assert prices_of(flex.tiers[0])["output"] == 100_000, "a price that is named holds in every tier"
    assert [tier.above_tokens for tier in priority.tiers] == [200_000, 272_000]
    assert [prices_of(tier)["output"] for tier in priority.tiers] == [900_000, 7_000_000]
    assert {prices_of(tier)["input"] for tier in (priority, *priority.tiers)} == {1_000_000}
    assert in_tariff(card, "fast") is None


def test_hours_have_their_prices_in_every_tariff() -> None:
    hours = [{"from": "00:30", "until": "16:30", "times": "2"}, {"from": "23:00", "until": "00:30", "output": "9"}]
    [card] = read(with_entry(hours=hours, tariffs={"batch": {"times": "0.5"}}))
    day, night = (hour.card for hour in card.hours)
    assert [(hour.from_minute, hour.until_minute) for hour in card.hours] == [(30, 990), (1_380, 30)]
    assert (day.version, night.version) == ("mini@2026-11-01+00:30-16:30", "mini@2026-11-01+23:00-00:30")
    assert (prices_of(day)["input"], prices_of(night)["input"], prices_of(night)["output"]) == (
        300_000, 150_000, 9_000_000)  # fmt: skip
    batch = in_tariff(day, "batch")
    assert batch is not None
    assert prices_of(batch)["input"] == 150_000
    assert batch.version == "mini@2026-11-01+00:30-16:30+batch"


def test_a_correction_stands_behind_what_it_corrects() -> None:
    wrong = ENTRY | {"input": "15"}
    right = ENTRY | {"corrects": "a slip of the pen"}
    cards = read(CARD | {"entries": [wrong, right, ENTRY | {"from": "2026-12-01"}]})
    assert [card.version for card in cards] == ["mini@2026-11-01", "mini@2026-11-01.2", "mini@2026-12-01"]
    assert "a slip of the pen" in cards[1].source
    found = card_at(cards, instant("2026-11-15", "at"))
    assert found is not None
    assert found.input_picos == 150_000


def test_a_markup_is_read_as_a_rule() -> None:
    rule = {"of": "cost", "percent": "30", "fixed": "0.05", "per_answer": "0.001"}
    [entry] = rate_cards(CARD | {"entries": [{"from": "2026-11-01", "markup": rule}]}, "f")
    assert isinstance(entry, Markup)
    assert entry.of == "cost"
    assert [entry.percent, entry.fixed_picos, entry.answer_picos] == [30, 50_000, 10**9]
    assert (entry.head.name, entry.head.currency) == ("mini", "USD")


def any_of(*values: object) -> tuple[object, ...]:
    """Wrong values of several kinds."""
    return values


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
    (CARD | {"provider": 7}, "bad_rate_card", "`provider`"),
    (CARD | {"model": []}, "bad_rate_card", "`model`"),
    (with_entry(source=["x"]), "bad_rate_card", "`source`"),
    (with_entry(corrects="nothing before it"), "bad_rate_card", "`corrects`"),
    (CARD | {"entries": [ENTRY, ENTRY | {"corrects": ""}]}, "bad_rate_card", "`corrects`"),
    (CARD | {"entries": [ENTRY, ENTRY | {"from": "2026-12-01", "corrects": "x"}]}, "bad_rate_card", "`corrects`"),
    *[(with_entry(input=wrong), "not_a_decimal", "input") for wrong in any_of(
        "1/0", "1/-3", "1/0.5", "1/1000001", "1/", "/2", "1/2/3", "1 / 2")],
    (with_entry(input="-1/3"), "bad_price", "input"),
    (with_entry(input="1/999983", output="1/999979"), "bad_price", "finer"),
    *[(with_entry(tiers=wrong), "bad_rate_card", "tiers") for wrong in any_of(
        "x", {}, ["x"], [{"above": "9"}], [{"above": "9", "inptu": "1"}])],
    *[(with_entry(tiers=[{"above": wrong, "input": "1"}]), "bad_rate_card", "`above`") for wrong in any_of(
        "", "-1", "0", "1.5", "many", "10000000001", "9" * 30, None, [])],
    (with_entry(tiers=[{"input": "1"}]), "bad_rate_card", "`above`"),
    (with_entry(tiers=[{"above": n, "input": "1"} for n in ("9", "9")]), "bad_rate_card", "low to high"),
    (with_entry(tiers=[{"above": n, "input": "1"} for n in ("9", "3")]), "bad_rate_card", "low to high"),
    (with_entry(tiers=[{"above": "9", "input": "x"}]), "not_a_decimal", "tiers[0]: input"),
    *[(with_entry(tariffs=wrong), "bad_rate_card", "tariffs") for wrong in any_of(
        "x", [], {"scale": {"times": "1"}}, {"batch": {}}, {"batch": "0.5"}, {"batch": {"time": "0.5"}})],
    *[(with_entry(kinds=wrong), "bad_rate_card", "kinds") for wrong in any_of(
        "hd", {"batch": {"input": "1"}}, {"HD": {"input": "1"}}, {"a b": {"input": "1"}}, {"a/b/c": {"input": "1"}},
        {"16:9": {"input": "1"}}, {"a+b": {"input": "1"}}, {"": {"input": "1"}})],
    *[(with_entry(tariffs={"batch": {"times": wrong}}), "bad_price", "times") for wrong in any_of("-1", "101", "-1/2")],
    *[(with_entry(tariffs={"batch": {"times": wrong}}), "not_a_decimal", "times")
      for wrong in any_of("half", "1/0", None)],
    *[(with_entry(hours=wrong), "bad_rate_card", "hours") for wrong in any_of(
        "x", {}, ["x"], [{"from": "01:00", "until": "02:00"}], [{"from": "01:00", "until": "01:00", "times": "2"}])],
    *[(with_entry(hours=[{"from": wrong, "until": "02:00", "times": "2"}]), "not_a_time", "from") for wrong in any_of(
        "", "1:00", "24:00", "01:60", "0100", "aa:bb", None, 5, "+1:00", "٠١:٠٠")],
    (with_entry(hours=[{"from": a, "until": b, "times": "2"} for a, b in (("01:00", "03:00"), ("02:59", "04:00"))]),
     "bad_rate_card", "overlap"),
    *[(CARD | {"entries": [{"from": "2026-11-01", "markup": wrong}]}, "bad_rate_card", "markup") for wrong in any_of(
        "x", [], {}, {"of": ""}, {"of": 5}, {"of": "c", "percents": "3"})],
    (with_entry(markup={"of": "c"}), "bad_rate_card", "'input'"),
    *[(CARD | {"entries": [{"from": "2026-11-01", "markup": {"of": "c", "percent": wrong}}]}, "bad_price", "percent")
      for wrong in any_of("-100", "-101", "10001")],
    *[(CARD | {"entries": [{"from": "2026-11-01", "markup": {"of": "c", name: "-1"}}]}, "bad_price", name)
      for name in ("fixed", "per_answer")],
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
    [card] = read(yaml.load(written, Loader=yaml.BaseLoader))
    assert (card.input_picos, card.output_picos) == (100_000, 3_000_000)


WORDS = st.sampled_from([
    "card", "currency", "entries", "from", "input", "USD", "x", "tiers", "above", "tariffs", "batch", "times", "hours",
    "until", "markup", "of", "percent", "1", "1/3", "2026-11-01", "01:00",
])  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
)


@given(ANYTHING)
@settings(deadline=None, max_examples=150)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        rate_cards(document, "f")
    except Invalid as refused:
        code = refused.code
    else:
        code = ""
    assert code in ("", "bad_rate_card", "bad_price", "not_a_decimal", "not_a_date", "not_a_time", "unknown_currency")


ENTRIES = st.dictionaries(st.sampled_from(["from", "input", "tiers", "tariffs", "kinds", "hours", "markup"]), ANYTHING)


@given(st.lists(ENTRIES, max_size=3))
@settings(deadline=None, max_examples=150)
def test_any_entries_are_read_or_refused(entries: list[Any]) -> None:
    test_any_document_is_read_or_refused.hypothesis.inner_test(CARD | {"entries": entries})  # type: ignore[attr-defined]


DECIMALS = st.decimals(0, 10**6, places=6).map(lambda price: f"{price:f}")


@given(st.dictionaries(st.sampled_from(sorted(PRICES)), DECIMALS, min_size=1), st.fractions(0, 10, max_denominator=100))
@settings(deadline=None)
def test_what_is_written_is_what_is_charged(prices: dict[str, str], times: Fraction) -> None:
    document = CARD | {"entries": [{"from": "2026-11-01", **prices, "tariffs": {"flex": {"times": str(times)}}}]}
    [card] = read(document)
    flex = in_tariff(card, "flex")
    assert flex is not None
    for name, text in prices.items():
        picos = Fraction(text) * (10**6 if name in TOKEN_PRICES else 10**12)
        assert prices_of(card)[name] == picos
        assert prices_of(flex)[name] == (picos * times if name in TOKEN_PRICES else picos)


def test_a_new_entry_supersedes_and_leaves_the_old_in_force_before_it() -> None:
    document = CARD | {"entries": [ENTRY, ENTRY | {"from": "2026-12-01T00:00:00+09:00", "input": "0.10"}]}
    cards = read(document)
    switch_us = instant("2026-11-30T15:00:00Z", "at")
    before, after = card_at(cards, switch_us - 1), card_at(cards, switch_us)
    assert before is not None
    assert after is not None
    assert (before.input_picos, after.input_picos) == (150_000, 100_000)
    assert card_at(cards, instant("2026-10-31T23:59:59.999999Z", "at")) is None


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
        [card] = read(with_entry(input=price))
        assert card.input_picos == Fraction(price) * 10**6
    for price in set(prices) - set(whole):
        with pytest.raises(Invalid):
            rate_cards(with_entry(input=price), "f")
