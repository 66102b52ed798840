"""What of a `[[models]]` entry each of its upstreams takes over, and what an adapter knows by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from solvent.answering.route import Route
from solvent.app.cards import read_cards
from solvent.app.config import Config
from solvent.app.model_entries import AlternativeEntry, ModelEntry
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


PROXY = "http://user:secret@127.0.0.1:1"


def proxies_asked(one: ModelEntry, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """Whether each upstream of a model is asked through a proxy, as the type of its client says."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return [type(route.provider._upstream._client).__name__ for route in opened(one)]  # type: ignore[attr-defined]


def test_a_proxy_is_taken_from_the_setting_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OURS", PROXY)
    plain = entry("openai")
    assert proxies_asked(plain, monkeypatch) == ["Pool"]
    assert proxies_asked(replace(plain, proxy="env:OURS"), monkeypatch) == ["ProxiedPool"]
    assert proxies_asked(replace(plain, proxy="http://127.0.0.1:1"), monkeypatch) == ["ProxiedPool"]
    assert proxies_asked(plain, monkeypatch, HTTPS_PROXY=PROXY) == ["ProxiedPool"]
    assert proxies_asked(replace(plain, proxy="none"), monkeypatch) == ["Pool"]
    two = entry("openai", "", AlternativeEntry(upstream="n", proxy="none"))
    assert proxies_asked(two, monkeypatch) == ["ProxiedPool", "Pool"]
    assert proxies_asked(plain, monkeypatch, NO_PROXY="api.openai.com") == ["Pool"]


@pytest.mark.parametrize(
    ("proxy", "code"), [(PROXY, "bad_secret"), ("socks5://x", "proxy_invalid"), ("env:GONE", "no_secret")]
)
def test_a_proxy_that_cannot_be_one_is_told_by_the_models_name(proxy: str, code: str) -> None:
    with pytest.raises(Invalid, match="model 'm'") as caught:
        opened(replace(entry("openai"), proxy=proxy))
    assert caught.value.code == code
    assert "secret@" not in caught.value.message
