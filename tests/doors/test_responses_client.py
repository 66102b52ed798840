"""The official `openai` package's `client.responses`, unmodified, before a provider of each dialect."""

from __future__ import annotations

import json
import uuid
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel
from tests.doors.server import Solvent, eventually
from tests.doors.test_openai_client import charge_of
from tests.doors.upstream import PROMPT_TOKENS, WORDS, Upstream

pytestmark = pytest.mark.xdist_group("responses_client")

WEATHER: Any = {
    "type": "function", "name": "weather", "description": "How it is outside", "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}  # fmt: skip
BOTH = pytest.mark.parametrize("model", ["scripted", "messenger"])  # over chat, and over messages
SAID = "word0 word1 word2 word3 word4"


def played(**script: Any) -> dict[str, Any]:
    """A script for the upstream, in what both dialects pass on."""
    return {"user": json.dumps(script)}


@pytest.fixture
def client(solvent: Solvent) -> OpenAI:
    return solvent.client()


def checked(response: Any, solvent: Solvent, output_tokens: int = WORDS) -> Any:
    """A finished response whose usage, bill and receipt agree."""
    used = response.usage
    assert (used.input_tokens, used.output_tokens, used.total_tokens) == (
        PROMPT_TOKENS, output_tokens, PROMPT_TOKENS + output_tokens,
    )  # fmt: skip
    assert (used.input_tokens_details.cached_tokens, used.output_tokens_details.reasoning_tokens) == (0, 0)
    charge = charge_of(output_tokens)
    assert response.model_extra["solvent"] == {"answer": response.id, "charge": charge, "currency": "USD"}
    receipt = solvent.receipt(response.id)
    assert (receipt["charge"], receipt["outcome"]) == (charge, "answered")
    return response


@BOTH
def test_answers_whole(solvent: Solvent, client: OpenAI, model: str) -> None:
    raw = client.responses.with_raw_response.create(
        model=model, input="Hello?", instructions="Be brief.", max_output_tokens=64, metadata={"order": "7"}
    )
    response = checked(raw.parse(), solvent)
    assert response.output_text == SAID
    assert (response.status, response.object, response.model) == ("completed", "response", model)
    assert (response.instructions, response.max_output_tokens, response.metadata) == ("Be brief.", 64, {"order": "7"})
    assert response.id == raw.headers["x-request-id"]
    assert raw.headers["x-solvent-charge"] == charge_of(WORDS)


@BOTH
def test_answers_as_events(solvent: Solvent, client: OpenAI, model: str) -> None:
    events = list(client.responses.create(model=model, input="Hello?", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events if not event.type.endswith(".delta")] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
    ]  # fmt: skip
    last: Any = events[-1]
    assert checked(last.response, solvent).output_text == SAID + " "


@BOTH
def test_the_package_puts_a_stream_together(solvent: Solvent, client: OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input="Hello?") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        response = stream.get_final_response()
    assert text == SAID + " "
    assert checked(response, solvent).output_text == text


@BOTH
@pytest.mark.parametrize("streams", [False, True])
def test_tools_are_called_and_answered(client: OpenAI, upstream: Upstream, model: str, *, streams: bool) -> None:
    asked: Any = {"model": model, "input": "Hello?", "tools": [WEATHER], **played(tools=True)}
    if streams:
        with client.responses.stream(**asked) as stream:
            response: Any = stream.get_final_response()
    else:
        response = client.responses.create(**asked)
    (call,) = response.output
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", {"city": "Seoul"})
    tag = uuid.uuid4().hex
    turns: list[Any] = [
        {"role": "user", "content": [{"type": "input_text", "text": "Hello?"}]}, *response.output,
        {"type": "function_call_output", "call_id": call.call_id, "output": "It rains."},
    ]  # fmt: skip
    client.responses.create(
        model=model, input=turns, tools=[WEATHER], tool_choice={"type": "function", "name": "weather"},
        parallel_tool_calls=False, **played(tag=tag),
    )  # fmt: skip
    heard = upstream.one(tag).body
    if model == "messenger":
        assert heard["tool_choice"] == {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}
        assert [turn["role"] for turn in heard["messages"]] == ["user", "assistant", "user"]
        assert heard["messages"][2]["content"][0]["tool_use_id"] == call.call_id
        return
    assert heard["messages"] == [
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": call.call_id, "type": "function", "function": {"name": "weather", "arguments": call.arguments}},
        ]},
        {"role": "tool", "tool_call_id": call.call_id, "content": "It rains."},
    ]  # fmt: skip
    function = {name: WEATHER[name] for name in ("name", "description", "parameters", "strict")}
    assert heard["tools"] == [{"type": "function", "function": function}]
    assert heard["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert heard["parallel_tool_calls"] is False


class City(BaseModel):
    name: str


@pytest.mark.parametrize("streams", [False, True])
def test_an_answer_of_a_shape_is_parsed_by_the_package(client: OpenAI, upstream: Upstream, *, streams: bool) -> None:
    tag = uuid.uuid4().hex
    asked: Any = {
        "model": "scripted",
        "input": "Where?",
        "text_format": City,
        **played(tag=tag, text='{"name":"서울"}'),
    }
    if streams:
        with client.responses.stream(**asked) as stream:
            response: Any = stream.get_final_response()
    else:
        response = client.responses.parse(**asked)
    assert response.output_parsed == City(name="서울")
    wanted = upstream.one(tag).body["response_format"]
    assert (wanted["type"], wanted["json_schema"]["strict"]) == ("json_schema", True)
    assert wanted["json_schema"]["schema"]["properties"]["name"]["type"] == "string"


def test_what_tunes_it_is_passed_on_in_chats_words(solvent: Solvent, client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    response = client.responses.create(
        model="scripted", input="?", temperature=0.25, top_p=0.9, max_output_tokens=17, store=True,
        reasoning={"effort": "low", "summary": "auto"}, text={"format": {"type": "json_object"}, "verbosity": "low"},
        safety_identifier=json.dumps({"tag": tag}), metadata={"a": "b"}, prompt_cache_key="k", truncation="disabled",
        extra_body={"include": [], "background": False, "conversation": None},
    )  # fmt: skip
    heard = upstream.one(tag).body
    assert (heard["temperature"], heard["top_p"], heard["max_tokens"]) == (0.25, 0.9, 17)
    assert (heard["reasoning_effort"], heard["verbosity"]) == ("low", "low")
    assert heard["response_format"] == {"type": "json_object"}
    assert not {"metadata", "store", "include", "input", "prompt_cache_key", "reasoning", "text"} & heard.keys()
    assert response.model_extra is not None
    assert response.model_extra["store"] is False, "nothing is kept, whatever was asked"
    assert solvent.receipt(response.id)["user"] == json.dumps({"tag": tag})


def test_thoughts_are_items_of_their_own_and_come_before_what_is_said(client: OpenAI) -> None:
    script = played(words=1, deltas={"reasoning_content": "hm"})
    with client.responses.stream(model="scripted", input="?", **script) as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert kinds.count("response.reasoning_text.delta") == 2
    thought: Any = response.output[0]
    assert (thought.type, thought.content[0].text) == ("reasoning", "hmhm")
    assert response.output_text == "word0 "


@pytest.mark.parametrize("streams", [False, True])
def test_what_was_cut_short_says_so(client: OpenAI, *, streams: bool) -> None:
    asked: Any = {"model": "scripted", "input": "?", **played(finish="length")}
    response = client.responses.create(**asked)
    if streams:
        *_, last = client.responses.create(**asked, stream=True)
        assert last.type == "response.incomplete"
        response = last.response
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    message: Any = response.output[0]
    assert message.status == "incomplete"


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"model": "nobody"}, "model_not_found", "model"),
        ({"tools": [{"type": "web_search"}]}, "unpriced_feature", "tools"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "unpriced_feature", "tools"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
         "bad_picture", "input"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "x"}]}]},
         "unpriced_feature", "input"),
        ({"input": [{"type": "web_search_call", "id": "x"}]}, "unpriced_feature", "input"),
        ({"input": [{"role": "tool", "content": "x"}]}, "bad_request", "input"),
        ({"input": []}, "bad_request", "input"),
        ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, "bad_request", "input"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "not_served", "input"),
        ({"service_tier": "priority"}, "unpriced_feature", "service_tier"),
        ({"moderation": {"model": "x"}}, "unpriced_feature", "moderation"),
        ({"background": True}, "not_served", "background"),
        ({"conversation": "conv_1"}, "not_served", "conversation"),
        ({"previous_response_id": "ans_1"}, "not_served", "previous_response_id"),
        ({"include": ["reasoning.encrypted_content"]}, "not_served", "include"),
        ({"truncation": "auto"}, "not_served", "truncation"),
        ({"top_logprobs": 2}, "not_served", "top_logprobs"),
        ({"tools": [WEATHER], "tool_choice": {"type": "web_search"}}, "not_served", "tool_choice"),
        ({"max_output_tokens": 0}, "bad_request", "max_output_tokens"),
        ({"model": "messenger", "text": {"format": {"type": "json_object"}}}, "not_bridged", "text.format"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_its_name_before_anything_is_asked(
    client: OpenAI, upstream: Upstream, asked: dict[str, Any], code: str, param: str
) -> None:
    before = len(upstream.heard)
    for stream in (False, True):
        whole: Any = {"model": "scripted", "input": "Hello?", "stream": stream} | asked
        with pytest.raises(openai.BadRequestError) as refused:
            client.responses.create(**whole)
        assert (refused.value.code, refused.value.param) == (code, param)
        assert param in refused.value.message
    assert len(upstream.heard) == before


@BOTH
def test_a_stream_that_breaks_fails_by_name_and_is_settled(solvent: Solvent, client: OpenAI, model: str) -> None:
    with pytest.raises(openai.APIError) as broken:
        list(client.responses.create(model=model, input="?", stream=True, **played(end="error")))
    assert broken.value.code == "upstream_failed"
    answer = solvent.send("POST", "/v1/responses", {"model": model, "input": "?", "stream": True} | played(end="error"))
    told = [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: ")]
    assert [event["type"] for event in told[-2:]] == ["response.failed", "error"]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert told[-2]["response"]["status"] == "failed"
    assert told[-2]["response"]["error"] == {"code": told[-1]["code"], "message": told[-1]["message"]}
    assert "sk-" not in answer.body.decode()
    id = told[0]["response"]["id"]
    eventually(lambda: solvent.receipt(id)["outcome"] == "broken", "the answer was not settled")


def test_an_upstream_that_refuses_still_gets_its_own_status(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(
            model="scripted", input="?", stream=True, **played(status=400, body='{"error":{"message":"too long"}}')
        )
    assert refused.value.code == "upstream_refused"


def test_hanging_up_in_the_middle_is_settled(solvent: Solvent, client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    stream = client.responses.create(
        model="scripted", input="?", stream=True, **played(tag=tag, words=12, pause_s=0.02)
    )
    begun: Any = next(stream)
    stream.close()
    receipt = solvent.receipt(begun.response.id)
    assert (receipt["outcome"], receipt["charge"]) == ("abandoned", charge_of(12)), "drained to the usage report"
    assert upstream.one(tag).events == 15, "read no further"


def test_a_call_that_nobody_can_read_is_an_error_and_no_defect(solvent: Solvent, client: OpenAI) -> None:
    unreadable = {"tool_calls": [{"index": 0, "id": 5}]}
    with pytest.raises(openai.APIError) as streamed:
        list(client.responses.create(model="scripted", input="?", stream=True, **played(deltas=unreadable)))
    assert streamed.value.code == "upstream_garbage"
    body = json.dumps({"choices": [{"message": unreadable, "finish_reason": "tool_calls"}]})
    with pytest.raises(openai.InternalServerError) as whole:
        client.responses.create(model="scripted", input="?", **played(body=body))
    assert (whole.value.status_code, whole.value.code) == (502, "upstream_garbage")
    eventually(lambda: solvent.wallet()["held"] == "0", "money is still set aside")
