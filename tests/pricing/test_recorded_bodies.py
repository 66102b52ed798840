"""1,271 usage reports that providers really sent, each read in every dialect and rated by the imported price list.

Beside each stands what genai-prices read and computed. Ours is the same to the last digit, or the difference is
explained below, line by line, and counted.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from solvent.app.price_list import published_prices
from solvent.metering.dialect import reader
from solvent.pricing.card_file import rate_cards
from solvent.pricing.exchange import Exchange
from solvent.pricing.published import card_name, document_of
from solvent.pricing.rate_card import RateCard, card_at, tier_for
from solvent.pricing.rating import rate
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

RECORDED: Final = Path(__file__).parents[3] / "shared/data/prices/provider_usage_bodies.json.gz"
# The recorded prices are those of a list before its dated changes of 2026; at noon, when no hours are cheaper.
AS_OF_US: Final = instant("2026-03-01T12:00:00Z", "as of")
# So fine that every price comes out whole: ten grains are one pico-dollar.
FINELY: Final = Exchange("USD", "KRW", 10**6, 1, 0, "")
PER_DOLLAR: Final = 10**13

# Why ours differs from what was recorded, and which is right.
PASSES = "passes"
"""Anthropic's `iterations` list a compaction, or an advisor's pass, that the sums above them leave out. They are
billed, so ours is right: three bodies, each priced by four providers and read by a fifth."""
CACHE_WRITES = "cache writes"
"""OpenAI's newest models report `cache_write_tokens` and bill them at 1.25 of input. The recording did not read the
field for Azure and priced them as input. Ours is right."""
HIDDEN_THOUGHTS = "hidden thoughts"
"""Google's OpenAI-compatible API counts thoughts in the total only, and bills them as output. Ours is right."""
NO_PRICE = "no price"
"""The list has no price for the model; the recording made that zero. Ours refuses, since unknown is never free."""
ANOTHER_DIALECT = "another dialect"
"""An OpenAI report read as Cohere's tokens has nothing in it. The recording read nothing as zero; ours refuses. No
price hangs on it."""


class Reading(msgspec.Struct, frozen=True):
    """One report, read as one API of one provider."""

    model: str
    provider: str
    api: str
    report: dict[str, Any]
    tokens: dict[str, int]
    prices: dict[str, str]
    usage: Usage | None  # what we read; None where we refuse


@cache
def readings() -> tuple[Reading, ...]:
    """Every report in every dialect it was read in."""
    if not RECORDED.is_file():
        pytest.skip(f"{RECORDED} is not here: recorded usage bodies are not part of the project")
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        bodies = json.load(file)
    assert len(bodies) == 1_271
    return tuple(_readings(bodies))


def _readings(bodies: list[dict[str, Any]]) -> Iterator[Reading]:
    for entry in bodies:
        body = entry["body"]
        report = body.get("usage") or body.get("usageMetadata") or body["meta"]
        for one in entry["extracted"]:
            for extractor in one["extractors"]:
                prices = {name: text for name, text in extractor.items() if name.endswith("_price")}
                provider, api = extractor["provider_id"], extractor["api_flavor"]
                usage = _read(provider, api, json.dumps(report).encode())
                yield Reading(entry.get("model", ""), provider, api, report, one["usage"], prices, usage)


def _read(provider: str, api: str, report: bytes) -> Usage | None:
    try:
        return reader(provider, api)(report)
    except Invalid as wrong:
        assert wrong.code == "bad_usage"  # noqa: PT017  # a refusal is one of the two outcomes
        return None


@cache
def books() -> dict[str, RateCard | None]:
    """The imported cards as of the recording, by name; None for a model that the list has no price for."""
    pytest.importorskip("genai_prices", reason="the price list is not installed: pip install 'solvent[prices]'")
    found = {}
    for one in published_prices((), ()):
        document = document_of(one).document
        cards = [] if document is None else [c for c in rate_cards(document, "list") if isinstance(c, RateCard)]
        found[card_name(one.provider, one.model)] = card_at(cards, AS_OF_US)
    return found


@cache
def card_of(provider: str, model: str) -> RateCard | None:
    """The card of a model as a provider's API names it: the provider's own, else that of the model's maker."""
    data = pytest.importorskip("genai_prices.data")
    named = next(one for one in data.providers if one.id == provider).find_model(model, all_providers=data.providers)
    owner = next(one for one in data.providers if any(own is named for own in one.models))
    return books()[card_name(owner.id, named.id)]


def dollars(usage: Usage, card: RateCard) -> tuple[Fraction, Fraction, Fraction]:
    """What was read, what was written, and all of it, exactly."""
    prices = replace(tier_for(card, all_input_tokens(usage)), answer_picos=None)
    written = {name: getattr(usage, name) for name in ("output_tokens", "reasoning_tokens", "audio_output_tokens",
                                                        "image_output_tokens")}  # fmt: skip
    parts = (replace(usage, **dict.fromkeys(written, 0), web_searches=0), Usage(**written), usage)
    read, wrote, whole = (Fraction(rate(part, prices, FINELY).grains, PER_DOLLAR) for part in parts)
    return read, wrote, whole


def as_recorded(usage: Usage) -> dict[str, int]:
    """Our buckets in the recording's names, which overlap."""
    ours = {
        "input_tokens": all_input_tokens(usage),
        "output_tokens": all_output_tokens(usage),
        "cache_read_tokens": usage.cached_input_tokens + usage.cached_audio_input_tokens
        + usage.cached_image_input_tokens,
        "cache_write_tokens": usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
        "input_audio_tokens": usage.audio_input_tokens + usage.cached_audio_input_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
        "web_searches": usage.web_searches,
    }  # fmt: skip
    return {name: count for name, count in ours.items() if count}


def has_more_passes(reading: Reading) -> bool:
    return any(one["type"] != "message" for one in reading.report.get("iterations", ()))


def why_read_otherwise(reading: Reading) -> str:
    """ "" where we read what was recorded."""
    if reading.usage is None:
        assert "tokens" not in reading.report
        assert reading.tokens.get("input_tokens", 0) == 0
        assert not reading.prices
        return ANOTHER_DIALECT
    ours = as_recorded(reading.usage)
    theirs = {name: count for name, count in reading.tokens.items() if count}
    if ours.get("input_tokens", 0) == theirs.get("input_tokens", 0) and (
        ours.get("output_tokens", 0) == theirs.get("output_tokens", 0)
    ):
        return ""
    if has_more_passes(reading):
        passes = reading.report["iterations"]
        more = sum(
            one["input_tokens"] + one["cache_creation_input_tokens"] for one in passes if one["type"] != "message"
        )
        assert ours["input_tokens"] - theirs["input_tokens"] == more
        return PASSES
    assert (reading.provider, reading.api) == ("google", "chat")
    said = reading.report
    hidden = said["total_tokens"] - said["prompt_tokens"] - said["completion_tokens"]
    assert ours["output_tokens"] - theirs["output_tokens"] == ours["output_reasoning_tokens"] == hidden > 0
    return HIDDEN_THOUGHTS


def why_priced_otherwise(reading: Reading) -> str:
    """ "" where ours comes to what was recorded, to the last digit."""
    card = card_of(reading.provider, reading.model)
    expected = Fraction(reading.prices["input_price"]), Fraction(reading.prices["output_price"])
    if card is None:
        assert not any(expected)
        return NO_PRICE
    usage = reading.usage
    assert usage is not None
    read, wrote, whole = dollars(usage, card)
    if (read, wrote) == expected:
        assert whole == Fraction(reading.prices.get("total_price", whole))
        return ""
    if has_more_passes(reading):
        assert read + wrote > sum(expected)
        return PASSES
    if reading.api == "chat" and reading.provider == "google":
        said = replace(usage, output_tokens=reading.report["completion_tokens"], reasoning_tokens=0)
        assert dollars(said, card)[:2] == expected
        return HIDDEN_THOUGHTS
    plain = replace(usage, input_tokens=usage.input_tokens + usage.cache_write_5m_tokens, cache_write_5m_tokens=0)
    assert dollars(plain, card)[:2] == expected, (reading, card.version)
    assert (reading.provider, reading.tokens.get("cache_write_tokens")) == ("azure", None)
    return CACHE_WRITES


def test_every_report_is_read_as_recorded_or_for_a_reason() -> None:
    reasons = Counter(why_read_otherwise(reading) for reading in readings())
    assert reasons == {"": 15_596, PASSES: 15, HIDDEN_THOUGHTS: 2, ANOTHER_DIALECT: 5}


def test_every_price_comes_out_as_recorded_or_for_a_reason() -> None:
    priced = [reading for reading in readings() if reading.prices]
    assert len(priced) == 2_829
    reasons = Counter(why_priced_otherwise(reading) for reading in priced)
    assert reasons == {"": 2_809, PASSES: 12, CACHE_WRITES: 3, HIDDEN_THOUGHTS: 2, NO_PRICE: 3}


def test_the_parts_of_what_was_read_are_as_recorded() -> None:
    """Caches, searches and thoughts: read as recorded wherever the recording read them at all."""
    parts = {
        "cache_read_tokens", "cache_write_tokens", "web_searches", "input_audio_tokens", "output_reasoning_tokens",
    }  # fmt: skip
    compared: Counter[str] = Counter()
    for reading in readings():
        if reading.usage is not None and not why_read_otherwise(reading):
            ours = as_recorded(reading.usage)
            for name in parts & {name for name, count in reading.tokens.items() if count}:
                assert ours.get(name, 0) == reading.tokens[name], (name, reading)
                compared[name] += 1
    assert set(compared) == parts, compared
    assert compared["web_searches"] == 4
    assert min(compared[name] for name in parts - {"web_searches"}) > 30


def test_a_report_in_its_own_dialect_is_never_refused() -> None:
    refused = {(reading.provider, reading.api) for reading in readings() if reading.usage is None}
    assert refused == {("cohere", "tokens")}
