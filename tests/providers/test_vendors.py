"""What each vendor's accent comes to, beyond the contract: what it is sent, and what is heard of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec
import pytest
from tests.doors.upstream import PROMPT_TOKENS, Heard, Upstream
from tests.doors.vendors import CACHED, COST, PEERS

from solvent.metering.dialect import reader
from solvent.providers import (
    anthropic,
    azure,
    clova,
    deepseek,
    mistral,
    openai,
    openai_compatible,
    openrouter,
    upstage,
)
from solvent.providers.port import Call, Chunk, OpenProvider, Provider, Settings
from solvent.values.errors import Invalid, Unavailable
from solvent.wire.origin import Origin

AT_HOME = (anthropic, clova, deepseek, mistral, openai, openrouter, upstage)
KEY = "sk-vendor-key"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(PEERS) as upstream:
        yield upstream


def run(provider: Provider, script: dict[str, Any], *, stream: bool = True, **members: Any) -> list[Chunk]:
    """All chunks of one answer."""

    async def ask() -> list[Chunk]:
        sent = {"messages": [], "script": script, "stream": stream} | members
        raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in sent.items()}
        try:
            return [chunk async for chunk in provider.stream(Call("some model", raw, stream, 64))]
        finally:
            await provider.close()

    return asyncio.run(ask())


def probe(provider: Provider) -> tuple[str, ...]:
    async def ask() -> tuple[str, ...]:
        try:
            return await provider.probe()
        finally:
            await provider.close()

    return asyncio.run(ask())


def texts(chunks: list[Chunk], member: str) -> str:
    choices = [choice for chunk in chunks for choice in msgspec.json.decode(chunk.members["choices"])]
    return "".join((choice.get("delta") or choice.get("message") or {}).get(member) or "" for choice in choices)


def reported(chunks: list[Chunk]) -> dict[str, Any]:
    (report,) = [chunk.usage for chunk in chunks if chunk.usage is not None]
    found: dict[str, Any] = msgspec.json.decode(report)
    return found


@pytest.mark.parametrize("module", AT_HOME, ids=lambda module: module.__name__.rpartition(".")[2])
def test_an_operator_writes_provider_and_key_alone(module: ModuleType) -> None:
    base_url = module.BASE_URL if module is anthropic else module.ACCENT.base_url
    assert Origin.parse(base_url).scheme == "https"
    assert module.open_provider(Settings("v", key=KEY)).name == "v"


@pytest.mark.parametrize("module", [azure, openai_compatible], ids=["azure", "openai_compatible"])
def test_who_has_no_address_of_its_own_is_told_one(module: ModuleType) -> None:
    with pytest.raises(Invalid) as caught:
        module.open_provider(Settings("v", key=KEY))
    assert (caught.value.code, caught.value.param) == ("base_url_invalid", "base_url")
    assert "is missing" in caught.value.message


@pytest.mark.parametrize("name", ["openai", "deepseek", "clova", "upstage"])
def test_usage_is_asked_of_who_wants_to_be_asked(upstream: Upstream, name: str) -> None:
    module = {"openai": openai, "deepseek": deepseek, "clova": clova, "upstage": upstage}[name]
    provider = module.open_provider(Settings(name, upstream.url_of(name), KEY))
    assert reported(run(provider, {}))["completion_tokens"] == 5


def heard_by_mistral(upstream: Upstream, tag: str, **members: Any) -> tuple[Heard, list[Chunk]]:
    provider = mistral.open_provider(Settings("mistral", upstream.url_of("mistral", "/v1"), KEY))
    chunks = run(provider, {"tag": tag, "thoughts": 2, "words": 3}, **members)
    return upstream.one(tag), chunks


def test_mistral_is_sent_only_what_it_knows(upstream: Upstream) -> None:
    members = {"seed": 7, "user": "me", "store": False, "stream_options": {"include_usage": True}}
    heard, chunks = heard_by_mistral(upstream, "knows", **members)
    assert heard.body["random_seed"] == 7
    assert members.keys().isdisjoint(heard.body)
    assert reported(chunks)["completion_tokens"] == 3


@pytest.mark.parametrize("stream", [True, False])
def test_mistrals_thoughts_are_where_chat_has_them(upstream: Upstream, stream: bool) -> None:
    _, chunks = heard_by_mistral(upstream, f"thinks-{stream}", stream=stream)
    assert texts(chunks, "content").split() == ["word0", "word1", "word2"]
    assert texts(chunks, "reasoning_content").strip() == ("hm hm" if stream else "hm")
    assert sum(chunk.pieces for chunk in chunks) == (5 if stream else 1)


@pytest.mark.parametrize(
    ("parts", "content", "thought"),
    [
        ([], "", None),
        ([{"type": "text", "text": "a"}, {"type": "reference", "reference_ids": [1]}, {"type": "text"}], "a", None),
        ([{"type": "thinking", "thinking": []}, {"type": "text", "text": None}], "", None),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "t"}]}], "", "t"),
    ],
)
def test_parts_of_mistrals_content(parts: list[Any], content: str, thought: str | None) -> None:
    heard = json.loads(mistral.plainly(json.dumps({"choices": [{"delta": {"content": parts}}]}).encode()))
    delta = heard["choices"][0]["delta"]
    assert (delta["content"], delta.get("reasoning_content")) == (content, thought)


@pytest.mark.parametrize(
    "payload",
    [b'{"content":[1]}', b'{"choices":[1],"content":[]}', b'{"choices":[{"delta":{"content":[1]}}]}', b'"content":['],
)
def test_mistrals_nonsense_is_refused_as_such(upstream: Upstream, payload: bytes) -> None:
    provider = mistral.open_provider(Settings("mistral", upstream.url_of("mistral", "/v1"), KEY))
    with pytest.raises(Unavailable) as caught:
        run(provider, {"body": payload.decode()}, stream=False)
    assert caught.value.code == "upstream_garbage"


def test_mistral_says_which_member_it_refuses(upstream: Upstream) -> None:
    provider = mistral.open_provider(Settings("mistral", upstream.url_of("mistral", "/v1"), KEY))
    with pytest.raises(Invalid) as caught:
        run(provider, {}, logit_bias={})
    assert "body.logit_bias: Extra inputs are not permitted" in caught.value.message


def test_deepseek_keeps_the_line_open_and_counts_cache_hits(upstream: Upstream) -> None:
    for stream in (True, False):
        provider = deepseek.open_provider(Settings("deepseek", upstream.url_of("deepseek"), KEY))
        chunks = run(provider, {}, stream=stream)
        usage = reader("deepseek", provider.speaks)(json.dumps(reported(chunks)).encode())
        assert (usage.input_tokens, usage.cached_input_tokens) == (PROMPT_TOKENS - CACHED, CACHED)


def openrouter_at(upstream: Upstream) -> Provider:
    return openrouter.open_provider(Settings("openrouter", upstream.url_of("openrouter", "/api/v1"), KEY))


def test_openrouter_reports_unasked_what_it_charged(upstream: Upstream) -> None:
    chunks = run(openrouter_at(upstream), {"tag": "charged"}, debug={"echo_upstream_body": True})
    assert reported(chunks)["cost"] == COST
    assert {"debug", "stream_options", "usage"}.isdisjoint(upstream.one("charged").body)


@pytest.mark.parametrize(
    ("metadata", "kind", "code"),
    [
        ({"reasons": ["violence"], "flagged_input": "..."}, Invalid, "upstream_refused"),
        ({}, Unavailable, "upstream_key_refused"),
        (None, Unavailable, "upstream_key_refused"),
        ("reasons", Unavailable, "upstream_key_refused"),
    ],
)
def test_a_moderators_no_is_not_about_our_key(
    upstream: Upstream, metadata: Any, kind: type[Exception], code: str
) -> None:
    said = json.dumps({"error": {"code": 403, "message": "flagged", "metadata": metadata}})
    with pytest.raises(kind) as caught:
        run(openrouter_at(upstream), {"status": 403, "body": said})
    assert getattr(caught.value, "code", "") == code


def azure_at(upstream: Upstream, api_version: str = "", path: str = "") -> Provider:
    return azure.open_provider(Settings("azure", upstream.url_of("azure", path), KEY, api_version=api_version))


@pytest.mark.parametrize(
    ("api_version", "path", "asked_at"),
    [
        ("", "", "/azure/openai/v1/chat/completions"),
        ("", "/", "/azure/openai/v1/chat/completions"),
        ("", "/openai/v1/", "/azure/openai/v1/chat/completions"),
        ("2024-10-21", "", "/azure/openai/deployments/some%20model/chat/completions?api-version=2024-10-21"),
    ],
)
def test_azure_has_two_addresses(upstream: Upstream, api_version: str, path: str, asked_at: str) -> None:
    tag = f"azure {api_version}{path}"
    chunks = run(azure_at(upstream, api_version, path), {"tag": tag})
    heard = upstream.one(tag)
    assert (heard.path, heard.headers["api-key"], heard.headers.get("authorization")) == (asked_at, KEY, None)
    assert reported(chunks)["completion_tokens"] == 5


@pytest.mark.parametrize("api_version", ["", "2024-10-21"])
def test_azure_lists_no_deployments(upstream: Upstream, api_version: str) -> None:
    """It answers, and its list says nothing of the names that questions name."""
    assert probe(azure_at(upstream, api_version)) == ()


@pytest.mark.parametrize("api_version", ["2024 10", "a&b=c", "x" * 41, "../.."])
def test_an_api_version_is_one(upstream: Upstream, api_version: str) -> None:
    with pytest.raises(Invalid) as caught:
        azure_at(upstream, api_version)
    assert caught.value.param == "api_version"


@pytest.mark.parametrize(
    ("provider", "base_url", "asked_at", "dimensions"),
    [
        (mistral.open_provider, "mistral/v1", "/mistral/v1/embeddings", "output_dimension"),
        (azure.open_provider, "azure", "/azure/openai/v1/embeddings", "dimensions"),
    ],
)
def test_embeddings_are_asked_in_the_vendors_words(
    upstream: Upstream, provider: OpenProvider, base_url: str, asked_at: str, dimensions: str
) -> None:
    tag = f"embeddings {asked_at}"
    sent = {"input": "a", "dimensions": 8, "user": "me", "script": {"tag": tag}}
    raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in sent.items()}

    async def ask() -> list[Chunk]:
        opened = provider(Settings("v", upstream.url_of(base_url), KEY))
        call = Call("m", raw, stream=False, output_tokens_max=1, task="embeddings")
        try:
            return [chunk async for chunk in opened.stream(call)]
        finally:
            await opened.close()

    (chunk,) = asyncio.run(ask())
    assert chunk.usage is not None
    heard = upstream.one(tag)
    assert (heard.path, heard.body[dimensions], heard.body["model"]) == (asked_at, 8, "m")
    assert ("user" in heard.body) == (dimensions == "dimensions")


@pytest.mark.parametrize("body", ["{]", "{}", '{"input_tokens": -1}', '{"input_tokens": "7"}'])
def test_a_count_of_tokens_that_is_none_is_the_upstreams_fault(upstream: Upstream, body: str) -> None:
    provider = anthropic.Anthropic(Settings("anthropic", upstream.base_url, KEY))
    members = {"script": msgspec.Raw(json.dumps({"body": body}).encode())}

    async def count() -> None:
        try:
            await provider.count_tokens(Call("m", members, stream=False, output_tokens_max=1))
        finally:
            await provider.close()

    with pytest.raises(Unavailable) as caught:
        asyncio.run(count())
    assert caught.value.code == "upstream_garbage"
