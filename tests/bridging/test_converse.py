"""Chat in the words of AWS's Converse and back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bridging.test_replies import told

from solvent.bridging.converse_reply import ConverseReply
from solvent.bridging.converse_request import converse_request
from solvent.providers.port import Chunk
from solvent.values.errors import Invalid, Unavailable

TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}}


def members(asked: dict[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in asked.items()}


def to_converse(**asked: Any) -> dict[str, Any]:
    said = converse_request(members({"messages": [{"role": "user", "content": "?"}]} | asked))
    return {name: json.loads(bytes(value)) for name, value in said.items()}


def event(kind: str, **said: Any) -> Chunk:
    return Chunk(members({kind: said}), pieces=int(kind == "contentBlockDelta"))


def test_a_conversation_with_calls_and_their_results() -> None:
    call = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Seoul"}'}}
    said = to_converse(
        tools=[TOOL],
        tool_choice="required",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "Well.", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "t1", "content": "rain"},
            {"role": "user", "content": "so?"},
        ],
    )
    assert said["system"] == [{"text": "Be brief."}]
    assert said["messages"] == [
        {"role": "user", "content": [{"text": "?"}]},
        {
            "role": "assistant",
            "content": [
                {"text": "Well."},
                {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Seoul"}}},
            ],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "rain"}]}}, {"text": "so?"}],
        },
    ]
    spec = {"name": "weather", "description": "d", "inputSchema": {"json": {"type": "object"}}}
    assert said["toolConfig"] == {"tools": [{"toolSpec": spec}], "toolChoice": {"any": {}}}


def test_pictures_are_sent_and_none_is_fetched() -> None:
    def asked(url: str) -> dict[str, Any]:
        picture = {"type": "image_url", "image_url": {"url": url}}
        return to_converse(messages=[{"role": "user", "content": [picture, {"type": "text", "text": "?"}]}])

    image = {"image": {"format": "jpeg", "source": {"bytes": "aGk="}}}
    assert asked("data:image/jpg;base64,aGk=")["messages"][0]["content"] == [image, {"text": "?"}]
    with pytest.raises(Invalid) as caught:
        asked("https://example.com/a.png")
    assert caught.value.code == "not_bridged"


@pytest.mark.parametrize(
    ("asked", "config"),
    [
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "topP": 0.9}),
        ({"stop": "x"}, {"stopSequences": ["x"]}),
        ({"stop": ["x", "y"]}, {"stopSequences": ["x", "y"]}),
    ],
)
def test_what_tunes_an_answer(asked: dict[str, Any], config: dict[str, Any]) -> None:
    assert to_converse(**asked)["inferenceConfig"] == config


def test_what_it_has_no_words_for_and_changes_nothing_is_left_out() -> None:
    assert list(to_converse(user="me", seed=7, reasoning_effort="high", response_format={"type": "text"})) == [
        "messages"
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"logprobs": True},
        {"n": 2},
        {"response_format": {"type": "json_object"}},
        {"tools": [TOOL], "tool_choice": "none"},
    ],
)
def test_what_cannot_be_said_is_refused_by_name(asked: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        to_converse(**asked)
    assert caught.value.code == "not_bridged"
    assert caught.value.param in asked


@given(st.lists(st.text(min_size=1)), st.lists(st.text(min_size=1)), st.lists(st.lists(st.text("{}:,"), max_size=3)))
@settings(deadline=None)
def test_a_stream_as_chat(thoughts: list[str], words: list[str], calls: list[list[str]]) -> None:
    chunks = [event("messageStart", role="assistant")]
    said: list[dict[str, Any]] = [{"reasoningContent": {"text": text}} for text in thoughts]
    said += [{"text": text} for text in words]
    chunks += [event("contentBlockDelta", contentBlockIndex=0, delta=delta) for delta in said]
    for at, pieces in enumerate(calls, start=2):
        tool = {"toolUseId": f"t{at}", "name": "weather"}
        chunks.append(event("contentBlockStart", contentBlockIndex=at, start={"toolUse": tool}))
        chunks += [
            event("contentBlockDelta", contentBlockIndex=at, delta={"toolUse": {"input": piece}}) for piece in pieces
        ]
        chunks.append(event("contentBlockStop", contentBlockIndex=at))
    chunks.append(Chunk(members({"messageStop": {"stopReason": "end_turn"}}), finish="stop"))
    chunks.append(Chunk(members({"metadata": {}}), usage=msgspec.Raw(b"{}")))
    reply = ConverseReply(1)
    made = [one for chunk in chunks for one in reply.feed(chunk)] + reply.end()
    deltas = [one["choices"][0]["delta"] for one in told(made)]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "".join(thoughts)
    assert "".join(delta.get("content", "") for delta in deltas) == "".join(words)
    found: dict[int, str] = {}
    for call in (call for delta in deltas for call in delta.get("tool_calls", ())):
        found[call["index"]] = found.get(call["index"], "") + call["function"]["arguments"]
    assert list(found.values()) == ["".join(pieces) for pieces in calls]
    assert sum(chunk.pieces for chunk in made) == sum(chunk.pieces for chunk in chunks)
    assert [chunk.finish for chunk in made if chunk.finish] == ["stop"]
    assert len([chunk for chunk in made if chunk.usage is not None]) == 1


def test_a_whole_reply_as_chat() -> None:
    blocks = [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"text": "Hi"},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
    ]
    said = Chunk(members({"output": {"message": {"role": "assistant", "content": blocks}}}), 3, finish="tool_calls")
    (choice,) = told([ConverseReply(1).whole(said)])[0]["choices"]
    message = choice["message"]
    assert (message["content"], message["reasoning_content"]) == ("Hi", "hm")
    (call,) = message["tool_calls"]
    assert (call["id"], json.loads(call["function"]["arguments"])) == ("t1", {"a": 1})
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("said", [{"contentBlockDelta": 7}, {"contentBlockDelta": {"delta": {"text": 7}}}])
def test_what_is_no_answer_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        ConverseReply(1).feed(Chunk(members(said)))
    with pytest.raises(Unavailable):
        ConverseReply(1).whole(Chunk(members(said)))
