"""A model at each vendor, through the real server: any client is answered, and what was used is read right."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any, cast

import pytest
from anthropic import Anthropic
from openai.types.chat import ChatCompletionMessageParam
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import Solvent
from tests.doors.test_openai_client import WEATHER
from tests.doors.upstream import PROMPT_TOKENS, WORDS, Upstream
from tests.doors.vendors import CACHED, PEERS

pytestmark = pytest.mark.xdist_group("vendors")

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello?"}]
PATHS = {
    "azure": "", "bedrock": "", "clova": "/v1/openai", "deepseek": "", "gemini": "/v1beta", "mistral": "/v1",
    "openai": "/v1", "openrouter": "/api/v1", "upstage": "/v1",
}  # fmt: skip
EACH = pytest.mark.parametrize("vendor", PATHS)
CACHES = {"bedrock", "deepseek", "gemini", "openrouter"}  # whose peers report that they read from a cache


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(PEERS) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def shop(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server that sells a model of each vendor, and one whose entry says no address."""
    entries = [
        scripted_model(upstream, vendor, provider=vendor, vendor="", base_url=upstream.url_of(vendor, path))
        for vendor, path in PATHS.items()
    ]
    at_home = scripted_model(upstream, "at-home", provider="mistral").replace(
        f'base_url = "{upstream.base_url}"\n', "", 1
    )
    server = Solvent(tmp_path_factory.mktemp("vendors"), CONFIG + "\n".join([*entries, at_home])).start()
    try:
        yield server
        assert server.stop() == 0, server.output
        check(read_books(server.data))
    finally:
        server.kill()


def used(vendor: str) -> dict[str, int]:
    """What a receipt says of the plain answer of a vendor's peer."""
    cached = CACHED if vendor in CACHES else 0
    return {"input_tokens": PROMPT_TOKENS - cached, "cached_input_tokens": cached, "output_tokens": WORDS}


def receipt_of(shop: Solvent, id: str, vendor: str) -> dict[str, Any]:
    receipt = shop.receipt(id)
    assert (receipt["provider"], receipt["outcome"], receipt["alarms"]) == (vendor, "answered", [])
    assert {name: receipt["usage"][name] for name in used(vendor)} == used(vendor)
    return receipt


@EACH
def test_a_stream_is_metered_by_the_vendors_report(shop: Solvent, vendor: str) -> None:
    with shop.client().chat.completions.create(
        model=vendor, messages=ASK, max_completion_tokens=64, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text.split() == [f"word{n}" for n in range(WORDS)]
    assert chunks[-1].usage is not None
    assert "cost" not in json.dumps(chunks[-1].model_dump()["usage"]), "what we pay is not the customer's business"
    receipt_of(shop, chunks[-1].id, vendor)


@EACH
def test_a_whole_answer_is_metered_by_the_vendors_report(shop: Solvent, vendor: str) -> None:
    answer = shop.client().chat.completions.create(model=vendor, messages=ASK, max_tokens=64)
    assert answer.choices[0].message.content == "word0 word1 word2 word3 word4"
    receipt_of(shop, answer.id, vendor)


@EACH
def test_a_client_of_messages_is_answered_by_every_vendor(shop: Solvent, vendor: str) -> None:
    client = Anthropic(base_url=shop.url, api_key=shop.key, max_retries=0)
    with client.messages.stream(
        model=vendor, max_tokens=64, messages=[{"role": "user", "content": "Hello?"}], metadata={"user_id": "me"}
    ) as stream:
        final = stream.get_final_message()
    assert final.usage.cache_read_input_tokens == used(vendor)["cached_input_tokens"]
    receipt_of(shop, final.id, vendor)


def test_who_thinks_at_mistral_is_read_in_words(shop: Solvent) -> None:
    tag = uuid.uuid4().hex
    answer = shop.client().chat.completions.create(
        model="mistral", messages=ASK, seed=7, user=tag, extra_body={"script": {"thoughts": 1, "words": 2}}
    )
    message = answer.choices[0].message
    assert message.content == "word0 word1"
    assert (message.model_extra or {})["reasoning_content"] == "hm "
    assert shop.receipt(answer.id)["usage"]["output_tokens"] == 2


def played(**script: Any) -> list[ChatCompletionMessageParam]:
    """A question that is its own script: where nothing else passes, it rides in the words."""
    return [{"role": "user", "content": json.dumps(script)}]


@pytest.mark.parametrize("stream", [True, False])
def test_thoughts_at_gemini_are_metered_apart(shop: Solvent, upstream: Upstream, stream: bool) -> None:
    client, tag = shop.client(), uuid.uuid4().hex
    asked = played(thoughts=3, words=2, tag=tag)
    if stream:
        with client.chat.completions.create(
            model="gemini", messages=asked, reasoning_effort="low", max_tokens=4096, stream=True,
            stream_options={"include_usage": True},
        ) as chunks:  # fmt: skip
            *_, last = chunks
        id, usage = last.id, last.usage
    else:
        answer = client.chat.completions.create(model="gemini", messages=asked, reasoning_effort="low", max_tokens=4096)
        id, usage = answer.id, answer.usage
        assert (answer.choices[0].message.model_extra or {})["reasoning_content"] == "hm hm hm "
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.prompt_tokens_details is not None
    assert (usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens) == (5, 3)
    assert (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens) == (PROMPT_TOKENS, CACHED)
    used = shop.receipt(id)["usage"]
    assert (used["input_tokens"], used["cached_input_tokens"]) == (PROMPT_TOKENS - CACHED, CACHED)
    assert (used["output_tokens"], used["reasoning_tokens"]) == (2, 3)
    config = upstream.one(tag).body["generationConfig"]
    assert config == {
        "maxOutputTokens": 4096, "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True},
    }  # fmt: skip


def test_gemini_calls_functions_and_hears_what_they_return(shop: Solvent, upstream: Upstream) -> None:
    client, tag = shop.client(), uuid.uuid4().hex
    asked = played(tools=True, tag=tag)
    first = client.chat.completions.create(model="gemini", messages=asked, tools=[WEATHER])
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    assert message.tool_calls is not None
    results: list[ChatCompletionMessageParam] = [
        {"role": "tool", "tool_call_id": call.id, "content": f"rain {n}"} for n, call in enumerate(message.tool_calls)
    ]
    said = cast(ChatCompletionMessageParam, message.model_dump(exclude_none=True))
    client.chat.completions.create(model="gemini", messages=[*asked, said, *reversed(results)], tools=[WEATHER])
    _, calls, returned = upstream.of(tag)[1].body["contents"]
    assert [part.get("thoughtSignature") for part in calls["parts"]] == ["c2lnbmVk", None]
    assert [part["functionResponse"]["response"] for part in returned["parts"]] == [
        {"result": "rain 0"}, {"result": "rain 1"},
    ]  # fmt: skip
