"""The official `anthropic` package, unmodified, against the real server: before a provider of each dialect."""

from __future__ import annotations

import json
import uuid
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import MessageParam, ToolParam
from openai import OpenAI
from tests.doors.server import Solvent, eventually
from tests.doors.test_openai_client import charge_of
from tests.doors.upstream import PROMPT_TOKENS, WORDS, Upstream

pytestmark = pytest.mark.xdist_group("anthropic_client")

ASK: list[MessageParam] = [{"role": "user", "content": "Hello?"}]
WEATHER: ToolParam = {
    "name": "weather", "description": "How it is outside",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}  # fmt: skip
BOTH = pytest.mark.parametrize("model", ["scripted", "messenger"])  # over chat, and over messages


def played(**script: Any) -> dict[str, Any]:
    """A script for the upstream, in what both dialects pass on."""
    return {"metadata": {"user_id": json.dumps(script)}}


@pytest.fixture
def client(solvent: Solvent) -> Anthropic:
    return Anthropic(base_url=solvent.url, api_key=solvent.key, max_retries=0)


@BOTH
def test_answers_whole(solvent: Solvent, client: Anthropic, model: str) -> None:
    answer = client.messages.create(model=model, max_tokens=64, messages=ASK)
    (block,) = answer.content
    assert block.type == "text"
    assert block.text == "word0 word1 word2 word3 word4"
    assert (answer.stop_reason, answer.model, answer.role) == ("end_turn", model, "assistant")
    assert answer.id.startswith("ans_")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (PROMPT_TOKENS, WORDS)
    receipt = solvent.receipt(answer.id)
    assert (receipt["outcome"], receipt["charge"], receipt["finish_reason"]) == ("answered", charge_of(WORDS), "stop")


@BOTH
def test_answers_as_a_stream_that_the_package_puts_together(solvent: Solvent, client: Anthropic, model: str) -> None:
    with client.messages.stream(model=model, max_tokens=64, messages=ASK, **played(pause_s=0.01)) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "word0 word1 word2 word3 word4 "
    assert (final.stop_reason, final.model) == ("end_turn", model)
    assert (final.usage.input_tokens, final.usage.output_tokens) == (PROMPT_TOKENS, WORDS)
    assert solvent.receipt(final.id)["charge"] == charge_of(WORDS)


@BOTH
@pytest.mark.parametrize("streams", [False, True])
def test_tools_are_called_and_answered(client: Anthropic, upstream: Upstream, model: str, *, streams: bool) -> None:
    tag = uuid.uuid4().hex
    asked: Any = {"model": model, "max_tokens": 64, "tools": [WEATHER], "messages": ASK}
    if streams:
        with client.messages.stream(**asked, **played(tools=True)) as stream:
            answer: Any = stream.get_final_message()
    else:
        answer = client.messages.create(**asked, **played(tools=True))
    (call,) = answer.content
    assert (answer.stop_reason, call.type, call.name, call.input) == (
        "tool_use",
        "tool_use",
        "weather",
        {"city": "Seoul"},
    )
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "It rains."}
    turns: list[Any] = [
        *ASK, {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result, {"type": "text", "text": "So?"}]},
    ]  # fmt: skip
    told = asked | {"messages": turns, "system": "Be brief.", "stop_sequences": ["END"]}
    client.messages.create(**told, **played(tag=tag))
    heard = upstream.one(tag).body
    if model == "messenger":
        assert heard["messages"][2]["content"][0] == result
        assert heard["system"] == "Be brief."
        return
    assert [message["role"] for message in heard["messages"]] == ["system", "user", "assistant", "tool", "user"]
    assert json.loads(heard["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"city": "Seoul"}
    assert heard["messages"][3] == {"role": "tool", "tool_call_id": call.id, "content": "It rains."}
    assert (heard["stop"], heard["tools"][0]["function"]["name"]) == (["END"], "weather")


def test_openais_client_reaches_a_provider_of_messages_too(solvent: Solvent, upstream: Upstream) -> None:
    client: OpenAI = solvent.client()
    asked: Any = {
        "model": "messenger", "max_tokens": 64, "stop": "END",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
    }  # fmt: skip
    tag = uuid.uuid4().hex
    answer = client.chat.completions.create(**asked, user=json.dumps({"tag": tag}))
    assert answer.choices[0].message.content == "word0 word1 word2 word3 word4"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (PROMPT_TOKENS, WORDS)
    heard = upstream.one(tag)
    assert (heard.path, heard.body["system"], heard.body["stop_sequences"]) == ("/v1/messages", "Be brief.", ["END"])
    assert heard.headers["anthropic-version"] == "2023-06-01"
    stream = client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        == "word0 word1 word2 word3 word4 "
    )
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == WORDS
    called = client.chat.completions.create(
        model="messenger", messages=[{"role": "user", "content": "?"}], user=json.dumps({"tools": True}),
        tools=[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
    )  # fmt: skip
    calls: Any = called.choices[0].message.tool_calls
    (call,) = calls
    assert json.loads(call.function.arguments) == {"city": "Seoul"}


def test_errors_are_in_anthropics_words(solvent: Solvent, client: Anthropic) -> None:
    stranger = Anthropic(base_url=solvent.url, api_key="sk-nobody", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as refused:
        stranger.messages.create(model="scripted", max_tokens=9, messages=ASK)
    body: Any = refused.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "authentication_error")
    for wrong, kind in (
        ({"model": "nobody"}, "invalid_request_error"),
        ({"mcp_servers": []}, "invalid_request_error"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "invalid_request_error"),
        ({"messages": [{"role": "system", "content": "no"}]}, "invalid_request_error"),
    ):
        asked: Any = {"model": "scripted", "max_tokens": 9, "messages": ASK}
        extra = dict.fromkeys(("extra_body",), asked | wrong) if "mcp_servers" in wrong else {}
        with pytest.raises(anthropic.BadRequestError) as caught:
            client.messages.create(**(asked if extra else asked | wrong), **extra)
        found: Any = caught.value.body
        assert found["error"]["type"] == kind
        assert found["request_id"].startswith("ans_")


@BOTH
def test_a_stream_that_breaks_ends_with_an_error_and_is_settled(
    solvent: Solvent, client: Anthropic, model: str
) -> None:
    with (
        pytest.raises(anthropic.APIStatusError) as broken,
        client.messages.stream(model=model, max_tokens=64, messages=ASK, **played(end="error")) as stream,
    ):
        stream.until_done()
    said: Any = broken.value.body
    assert said["error"]["type"] == "api_error"
    assert "sk-" not in json.dumps(said)
    id = said["request_id"]
    eventually(lambda: solvent.receipt(id)["outcome"] == "broken", "the answer was not settled")


def test_tokens_are_counted_by_a_provider_that_counts_and_cost_nothing(
    solvent: Solvent, client: Anthropic, upstream: Upstream
) -> None:
    before = solvent.wallet()
    asked: Any = {"messages": ASK, "system": "Be brief.", "tools": [WEATHER]}
    counted = client.messages.count_tokens(model="messenger", **asked, extra_body={"metadata": {"user_id": "kim"}})
    assert counted.input_tokens == PROMPT_TOKENS
    assert "solvent" not in (counted.model_extra or {})
    heard = upstream.heard[-1]
    assert heard.path == "/v1/messages/count_tokens"
    assert heard.body == {**asked, "model": "scripted-upstream"}, "nothing but what is counted"
    assert solvent.wallet() == before


def test_tokens_that_no_provider_counts_are_told_as_the_bound_that_they_are(
    solvent: Solvent, client: Anthropic, upstream: Upstream
) -> None:
    before, heard = solvent.wallet(), len(upstream.heard)
    counted = client.messages.count_tokens(model="scripted", messages=ASK)
    assert counted.input_tokens > len(json.dumps(ASK))
    assert counted.model_extra == {"solvent": {"is_upper_bound": True}}
    assert (solvent.wallet(), len(upstream.heard)) == (before, heard)


@pytest.mark.parametrize(
    "wrong", [{"model": "nobody"}, {"messages": []}, {"mcp_servers": []}, {"tools": [{"type": "web_search_20250305"}]}]
)
def test_what_cannot_be_asked_is_not_counted(client: Anthropic, wrong: dict[str, Any]) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.count_tokens(model="messenger", messages=ASK, extra_body=wrong)
    body: Any = caught.value.body
    assert body["error"]["type"] == "invalid_request_error"
