"""What of a `[[models]]` entry each of its upstreams takes over, and what an adapter knows by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from solvent.answering.route import Route
from solvent.app.cards import read_cards
from solvent.app.config import AlternativeEntry, Config, ModelEntry
from solvent.app.routes import open_routes
from solvent.values.errors import Invalid

ELSEWHERE = "http://127.0.0.1:1/v1"


def entry(provider: str, base_url: str = "", *alternatives: AlternativeEntry) -> ModelEntry:
    return ModelEntry(
        name="m", provider=provider, base_url=base_url, alternatives=alternatives,
        cost_card="solvent-house-cost.KRW", price_card="solvent-house-price.KRW",
    )  # fmt: skip


def opened(one: ModelEntry) -> list[Route]:
    """The upstreams of one model."""
    config = Config(house_model=False, models=(one,))
    routes = open_routes(config, read_cards(None), Path(), 0)
    asyncio.run(routes.close())
    return routes.all


@pytest.mark.parametrize(
    "provider", ["anthropic", "clova", "deepseek", "gemini", "mistral", "openai", "openrouter", "upstage"]
)
def test_a_provider_and_a_key_are_enough(provider: str) -> None:
    (route,) = opened(entry(provider))
    assert (route.provider.name, route.upstream) == (provider, "m")


@pytest.mark.parametrize("provider", ["azure", "bedrock", "openai_compatible"])
def test_who_has_no_address_is_told_by_the_models_name(provider: str) -> None:
    with pytest.raises(Invalid, match="model 'm': The base URL is missing"):
        opened(entry(provider))


def test_another_provider_does_not_inherit_an_address() -> None:
    with pytest.raises(Invalid, match="base URL is missing"):
        opened(entry("openai_compatible", ELSEWHERE, AlternativeEntry(provider="azure")))
    one, other = opened(entry("openai_compatible", ELSEWHERE, AlternativeEntry(provider="mistral")))
    assert [one.provider.name, other.provider.name] == ["openai_compatible", "mistral"]
