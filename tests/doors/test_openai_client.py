"""The official `openai` package, unmodified, against the real server."""

from __future__ import annotations

import json
import tomllib
import uuid
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from tests.doors.server import INPUT_GRAINS, OUTPUT_GRAINS, Solvent, eventually
from tests.doors.upstream import PROMPT_TOKENS, Upstream

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("openai_client")

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello?"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def charge_of(output_tokens: int, input_tokens: int = PROMPT_TOKENS) -> str:
    """What the rate card says, as it goes on the wire."""
    return plain(Money(input_tokens * INPUT_GRAINS + output_tokens * OUTPUT_GRAINS, "USD"))


def script(**members: Any) -> dict[str, Any]:
    """What goes beside the question, for the upstream."""
    return {"script": members}


@pytest.fixture
def client(solvent: Solvent) -> OpenAI:
    return solvent.client()


def test_answers_whole(solvent: Solvent, client: OpenAI) -> None:
    answer = client.chat.completions.create(model="scripted", messages=ASK, extra_body=script(words=3))
    assert answer.choices[0].message.content == "word0 word1 word2"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "scripted"
    assert answer.id.startswith("ans_")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (PROMPT_TOKENS, 3)
    receipt = solvent.receipt(answer.id)
    assert receipt["outcome"] == "answered"
    assert receipt["charge"] == charge_of(3)


def test_answers_as_a_stream_without_usage_unless_asked(solvent: Solvent, client: OpenAI) -> None:
    with client.chat.completions.create(
        model="scripted", messages=ASK, stream=True, extra_body=script(words=4, pause_s=0.01)
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "word0 word1 word2 word3 "
    assert all(len(chunk.choices) == 1 for chunk in chunks), "a usage event that nobody asked for"
    assert all("usage" not in chunk.model_fields_set for chunk in chunks)
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert {chunk.model for chunk in chunks} == {"scripted"}
    assert solvent.receipt(chunks[0].id)["charge"] == charge_of(4)


@pytest.mark.parametrize("usage_on", ["own", "choices", "null", "missing"])
def test_answers_as_a_stream_with_one_usage_event_when_asked(solvent: Solvent, client: OpenAI, usage_on: str) -> None:
    with client.chat.completions.create(
        model="scripted",
        messages=ASK,
        stream=True,
        stream_options={"include_usage": True},
        extra_body=script(words=4, usage_on=usage_on),
    ) as stream:
        chunks = list(stream)
    *before, last = chunks
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in before)
    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (PROMPT_TOKENS, 4, 15)
    bill = last.model_extra
    assert bill is not None
    assert bill["solvent"] == {"answer": last.id, "charge": charge_of(4), "currency": "USD"}
    assert solvent.receipt(last.id)["charge"] == charge_of(4)


def test_usage_is_always_asked_for_upstream(solvent: Solvent, client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    list(client.chat.completions.create(model="scripted", messages=ASK, stream=True, extra_body=script(tag=tag)))
    assert upstream.one(tag).body["stream_options"] == {"include_usage": True}


def test_tools_go_there_and_back(client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    answer = client.chat.completions.create(
        model="scripted",
        messages=ASK,
        tools=[WEATHER],
        tool_choice="auto",
        parallel_tool_calls=False,
        extra_body=script(tag=tag, tools=True),
    )
    heard = upstream.one(tag).body
    assert (heard["tools"], heard["tool_choice"], heard["parallel_tool_calls"]) == ([WEATHER], "auto", False)
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert calls[0].function.name == "weather"
    assert json.loads(calls[0].function.arguments) == {"city": "Seoul"}
    assert answer.choices[0].finish_reason == "tool_calls"


def test_the_result_of_a_tool_goes_on_to_the_upstream(client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    call: Any = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    talk: list[ChatCompletionMessageParam] = [
        *ASK,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    client.chat.completions.create(model="scripted", messages=talk, extra_body=script(tag=tag))
    assert upstream.one(tag).body["messages"] == talk


def test_streamed_tool_calls_arrive_piece_by_piece(solvent: Solvent, client: OpenAI) -> None:
    with client.chat.completions.create(
        model="scripted", messages=ASK, tools=[WEATHER], stream=True, extra_body=script(tools=True)
    ) as stream:
        chunks = list(stream)
    parts = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert [part.function.name for part in parts if part.function and part.function.name] == ["weather"]
    arguments = "".join(part.function.arguments or "" for part in parts if part.function)
    assert json.loads(arguments) == {"city": "Seoul"}
    assert solvent.receipt(chunks[0].id)["finish_reason"] == "tool_calls"


def test_what_costs_nothing_is_passed_on_untouched(solvent: Solvent, client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    answer = client.chat.completions.create(
        model="scripted",
        messages=ASK,
        temperature=0.25,
        top_p=0.9,
        seed=7,
        stop=["END", "\n\n"],
        user="end-user-42",
        response_format={"type": "json_object"},
        extra_body=script(tag=tag),
    )
    heard = upstream.one(tag).body
    assert (heard["temperature"], heard["top_p"], heard["seed"]) == (0.25, 0.9, 7)
    assert heard["stop"] == ["END", "\n\n"]
    assert heard["user"] == "end-user-42"
    assert heard["response_format"] == {"type": "json_object"}
    assert heard["model"] == "scripted-upstream"
    assert solvent.receipt(answer.id)["user"] == "end-user-42"


@pytest.mark.parametrize("asked", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(("model", "known_as"), [("scripted", "max_tokens"), ("renamed", "max_completion_tokens")])
def test_the_output_limit_reaches_the_upstream_under_its_own_name(
    client: OpenAI, upstream: Upstream, asked: str, model: str, known_as: str
) -> None:
    """An upstream that does not know the client's word for it would write without limit."""
    tag = uuid.uuid4().hex
    limit: Any = {asked: 17}
    client.chat.completions.create(model=model, messages=ASK, extra_body=script(tag=tag), **limit)
    heard = upstream.one(tag).body
    assert {name: heard[name] for name in heard if name.startswith("max_")} == {known_as: 17}


def test_without_a_limit_the_models_own_is_sent(client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    client.chat.completions.create(model="renamed", messages=ASK, extra_body=script(tag=tag))
    assert upstream.one(tag).body["max_completion_tokens"] == 100


def test_more_than_the_model_may_write_is_clamped_and_said(client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    answer = client.chat.completions.with_raw_response.create(
        model="renamed", messages=ASK, max_completion_tokens=5000, extra_body=script(tag=tag)
    )
    assert upstream.one(tag).body["max_completion_tokens"] == 100
    assert answer.headers["x-solvent-output-tokens-max"] == "100"


@pytest.mark.parametrize("stream", [False, True])
def test_a_thin_wallet_clamps_the_output_and_says_so(solvent: Solvent, upstream: Upstream, stream: bool) -> None:
    tag = uuid.uuid4().hex
    _, key = solvent.customer(grant="0.0002")
    client = solvent.client(key)
    with client.chat.completions.with_streaming_response.create(
        model="scripted", messages=ASK, max_tokens=4000, stream=stream, extra_body=script(tag=tag, words=2)
    ) as answer:
        limit = int(answer.headers["x-solvent-output-tokens-max"])
        answer.read()
    assert 0 < limit < 200
    assert upstream.one(tag).body["max_tokens"] == limit


def test_an_ample_wallet_says_nothing_of_limits(client: OpenAI) -> None:
    answer = client.chat.completions.with_raw_response.create(model="scripted", messages=ASK, max_tokens=10)
    assert "x-solvent-output-tokens-max" not in answer.headers


@pytest.mark.parametrize("key", ["sk-solvent-wrong", "op-solvent-wrong", "열쇠 🔑".encode().hex()])
def test_a_wrong_key_is_an_authentication_error(solvent: Solvent, key: str) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        solvent.client(key).chat.completions.create(model="scripted", messages=ASK)
    assert caught.value.code == "invalid_api_key"
    assert key not in str(caught.value)
    with pytest.raises(openai.AuthenticationError):
        solvent.client(key).models.list()


def test_an_empty_wallet_is_402_and_not_asked_again(solvent: Solvent, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    _, key = solvent.customer()
    before = len(upstream.heard)
    client = solvent.client(key, max_retries=2)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="scripted", messages=ASK, extra_body=script(tag=tag))
    assert caught.value.status_code == 402
    assert (caught.value.code, caught.value.type) == ("wallet_empty", "insufficient_quota")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["top_up_url"] == "https://example.com/top-up"
    assert len(upstream.heard) == before
    assert caught.value.response.retries_taken == 0 if hasattr(caught.value.response, "retries_taken") else True


def test_a_question_beyond_the_wallet_names_what_it_needs(solvent: Solvent) -> None:
    _, key = solvent.customer(grant="0.000001")
    with pytest.raises(openai.APIStatusError) as caught:
        solvent.client(key).chat.completions.create(model="scripted", messages=ASK)
    assert (caught.value.status_code, caught.value.code) == (402, "request_exceeds_balance")
    assert "0.000001 USD" not in caught.value.message or "needs" in caught.value.message


def test_an_unknown_model_is_a_bad_request(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gpt-nobody-sells", messages=ASK)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_lists_the_models_on_sale(solvent: Solvent, client: OpenAI) -> None:
    models = client.models.list().data
    written = tomllib.loads(solvent.config.read_text())["models"]
    assert {model.id for model in models} == {entry["name"] for entry in written}
    assert {model.owned_by for model in models} == {"solvent"}


def test_headers_name_the_answer_and_its_charge(solvent: Solvent, client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="scripted", messages=ASK, extra_body=script(words=6))
    answer = raw.parse()
    assert raw.headers["x-request-id"] == answer.id
    assert raw.headers["x-solvent-currency"] == "USD"
    assert raw.headers["x-solvent-charge"] == charge_of(6)
    receipt = solvent.send("GET", f"/v1/answers/{answer.id}")
    assert receipt.status == 200
    assert receipt.json["charge"] == raw.headers["x-solvent-charge"]


def test_a_receipt_belongs_to_its_customer(solvent: Solvent, client: OpenAI) -> None:
    answer = client.chat.completions.create(model="scripted", messages=ASK)
    _, stranger = solvent.customer(grant="1")
    assert solvent.send("GET", f"/v1/answers/{answer.id}").status == 200
    refused = solvent.send("GET", f"/v1/answers/{answer.id}", key=stranger)
    assert (refused.status, refused.error["code"]) == (404, "no_such_answer")
    unknown = solvent.send("GET", "/v1/answers/ans_00000000000000000000", key=stranger)
    assert unknown.error["message"].replace("ans_00000000000000000000", "ID") == refused.error["message"].replace(
        answer.id, "ID"
    ), "a stranger can tell which ids exist"


def test_only_the_operator_sees_what_we_pay(solvent: Solvent, client: OpenAI) -> None:
    answer = client.chat.completions.create(model="scripted", messages=ASK, extra_body=script(words=10))
    ours = solvent.receipt(answer.id)
    assert (ours["cost"], ours["charge"], ours["margin"]) == ("0.00000765", "0.0000153", "0.00000765")
    assert (ours["provider"], ours["upstream"]) == ("some-vendor", "scripted-upstream")
    theirs = solvent.send("GET", f"/v1/answers/{answer.id}")
    assert not {"cost", "margin", "provider", "upstream", "cost_card", "provider_cost", "overrun"} & set(theirs.json)
    for secret in (b"some-vendor", b"scripted-upstream", b"doors-cost", ours["cost"].encode() + b'"'):
        assert secret not in theirs.body


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_upstream_says_it_costs_us_stays_here(solvent: Solvent, stream: bool) -> None:
    """OpenRouter's usage reports hold our cost, and its objects name the provider behind it."""
    usage = {
        "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.00123,
        "cost_details": {"upstream_inference_cost": 0.00123}, "is_byok": False,
    }  # fmt: skip
    body = {
        "model": "scripted", "messages": ASK, "stream": stream, "stream_options": {"include_usage": True},
        "script": {"usage": usage, "members": {"provider": "Secret Vendor GmbH"}},
    }  # fmt: skip
    answer = solvent.send("POST", "/v1/chat/completions", body)
    assert answer.status == 200
    assert b'"prompt_tokens":3' in answer.body.replace(b" ", b"")
    assert b"0.00123" not in answer.body
    assert b"Secret Vendor" not in answer.body


def test_hanging_up_in_the_middle_charges_what_was_produced(
    solvent: Solvent, client: OpenAI, upstream: Upstream
) -> None:
    tag = uuid.uuid4().hex
    stream = client.chat.completions.create(
        model="scripted", messages=ASK, stream=True, max_tokens=64, extra_body=script(tag=tag, words=12, pause_s=0.02)
    )
    taken = [next(stream) for _ in range(4)]
    stream.close()
    receipt = solvent.receipt(taken[0].id)
    assert receipt["outcome"] == "abandoned"
    assert receipt["charge"] == charge_of(12), "drained to the usage report: the upstream bills all of it"
    assert not receipt["usage"]["estimated"]
    assert upstream.one(tag).events == 15
    eventually(lambda: solvent.wallet()["held"] == "0", "money is still set aside")
