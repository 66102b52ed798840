"""Chat in Gemini's words and back: a question asks the same, and a stream says the same, for messages too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bridging.test_replies import put_together, told

from solvent.bridging.bridged import bridged
from solvent.bridging.gemini_reply import GeminiReply
from solvent.bridging.gemini_request import NO_SIGNATURE, THINKING_TOKENS_MAX, gemini_request
from solvent.providers.fake import FakeProvider
from solvent.providers.port import Call, Chunk, Dialect
from solvent.values.errors import Invalid, Unavailable

TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}}
WORDS = st.text(min_size=1, max_size=9)


def members(asked: dict[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in asked.items()}


def to_gemini(most: int = 100_000, **asked: Any) -> dict[str, Any]:
    said = gemini_request(members({"messages": [{"role": "user", "content": "?"}]} | asked), most)
    return {name: json.loads(bytes(value)) for name, value in said.items()}


def event(*parts: dict[str, Any], finish: str = "", **counted: Any) -> Chunk:
    said = {"candidates": [{"content": {"role": "model", "parts": list(parts)}}], "responseId": "r"}
    return Chunk(members(said), finish=finish, **counted)


def called(id: str, city: str, **more: Any) -> dict[str, Any]:
    function = {"name": "weather", "arguments": json.dumps({"city": city})}
    return {"id": id, "type": "function", "function": function, **more}


def test_instructions_leave_the_conversation_and_neighbours_are_one_turn() -> None:
    said = to_gemini(
        messages=[
            {"role": "system", "content": "One."},
            {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
            {"role": "user", "content": "a"},
            {"role": "user", "content": [{"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "c"},
        ]
    )
    assert said["systemInstruction"] == {"parts": [{"text": "One."}, {"text": "Two."}]}
    assert said["contents"] == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}]},
    ]


def test_results_are_known_by_the_name_of_their_function_and_the_order_of_the_calls() -> None:
    said = to_gemini(
        tools=[TOOL],
        messages=[
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "tool_calls": [called("a", "Seoul"), called("b", "Busan")]},
            {"role": "tool", "tool_call_id": "b", "content": "sun"},
            {"role": "tool", "tool_call_id": "a", "content": '{"sky": "rain"}'},
            {"role": "user", "content": "so?"},
        ],
    )
    _, calls, results = said["contents"]
    assert [part["functionCall"]["args"]["city"] for part in calls["parts"]] == ["Seoul", "Busan"]
    assert results["role"] == "user"
    answers = [part["functionResponse"] for part in results["parts"][:2]]
    assert answers == [
        {"name": "weather", "response": {"sky": "rain"}},
        {"name": "weather", "response": {"result": "sun"}},
    ]
    assert results["parts"][2] == {"text": "so?"}
    assert said["tools"] == [
        {"functionDeclarations": [{"name": "weather", "description": "d", "parametersJsonSchema": {"type": "object"}}]}
    ]


def test_what_was_signed_goes_back_signed_and_what_was_not_says_so() -> None:
    signed = called("a", "Seoul", extra_content={"google": {"thought_signature": "c2ln"}})

    def signatures(*calls: dict[str, Any]) -> list[str | None]:
        said = to_gemini(messages=[{"role": "assistant", "content": "", "tool_calls": list(calls)}])
        return [part.get("thoughtSignature") for part in said["contents"][0]["parts"]]

    assert signatures(signed, called("b", "Busan")) == ["c2ln", None]
    assert signatures(called("b", "Busan"), called("c", "Jeju")) == [NO_SIGNATURE, None]
    assert signatures(called("b", "Busan", extra_content={"google": {}})) == [NO_SIGNATURE]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (None, {"mode": "AUTO"}),
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"mode": "ANY", "allowedFunctionNames": ["weather"]},
        ),
    ],
)
def test_a_choice_of_tools(choice: Any, config: dict[str, Any]) -> None:
    said = to_gemini(tools=[TOOL], tool_choice=choice)
    assert said["toolConfig"] == {"functionCallingConfig": config}


@pytest.mark.parametrize(
    ("asked", "config"),
    [
        ({"temperature": 0.5, "top_p": 0.9, "seed": 7}, {"temperature": 0.5, "topP": 0.9, "seed": 7}),
        ({"stop": "x"}, {"stopSequences": ["x"]}),
        ({"stop": ["x", "y"]}, {"stopSequences": ["x", "y"]}),
        ({"response_format": {"type": "json_object"}}, {"responseMimeType": "application/json"}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}},
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
        ),
        ({"reasoning_effort": "none"}, {"thinkingConfig": {"thinkingBudget": 0}}),
        ({"reasoning_effort": "low"}, {"thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True}}),
        (
            {"reasoning_effort": "xhigh"},
            {"thinkingConfig": {"thinkingBudget": THINKING_TOKENS_MAX, "includeThoughts": True}},
        ),
    ],
)
def test_what_tunes_an_answer(asked: dict[str, Any], config: dict[str, Any]) -> None:
    assert to_gemini(**asked)["generationConfig"] == config


@pytest.mark.parametrize("asked", [{}, {"stop": None}, {"user": "me", "n": 1, "service_tier": "auto", "tools": None}])
def test_what_says_nothing_is_not_said(asked: dict[str, Any]) -> None:
    assert list(to_gemini(**asked)) == ["contents"]


def test_thinking_stays_within_what_is_held_for() -> None:
    assert to_gemini(6_000, reasoning_effort="high")["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 3_000
    assert to_gemini(100, reasoning_effort="high")["generationConfig"]["thinkingConfig"] == {"includeThoughts": True}


@pytest.mark.parametrize(
    "asked",
    [
        {"logprobs": True},
        {"n": 2},
        {"service_tier": "priority"},
        {"logit_bias": {"1": 2}},
        {"functions": []},
        {"response_format": {"type": "grammar"}},
        {"tools": [TOOL], "tool_choice": "some"},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
    ],
)
def test_what_cannot_be_said_is_refused_by_name(asked: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        to_gemini(**asked)
    assert (caught.value.code, caught.value.param in asked or caught.value.param) == ("not_bridged", True)


def test_pictures_are_sent_and_none_is_fetched() -> None:
    def asked(url: str) -> dict[str, Any]:
        picture = {"type": "image_url", "image_url": {"url": url}}
        return to_gemini(messages=[{"role": "user", "content": [{"type": "text", "text": "?"}, picture]}])

    inline = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    assert asked("data:image/png;base64,aGk=")["contents"][0]["parts"] == [{"text": "?"}, inline]
    with pytest.raises(Invalid) as caught:
        asked("https://example.com/a.png")
    assert (caught.value.code, caught.value.param) == ("not_bridged", "messages")


def as_chat(chunks: list[Chunk]) -> list[Chunk]:
    reply = GeminiReply(1)
    return [*(made for chunk in chunks for made in reply.feed(chunk)), *reply.end()]


@given(st.lists(st.tuples(st.booleans(), WORDS), max_size=8), st.integers(0, 3))
@settings(deadline=None)
def test_a_stream_as_chat(texts: list[tuple[bool, str]], calls: int) -> None:
    chunks = [event({"text": text, "thought": is_thought}, pieces=1) for is_thought, text in texts]
    seoul = {"functionCall": {"name": "weather", "args": {"city": "Seoul"}}, "thoughtSignature": "s"}
    chunks += [event(*[seoul] * calls, pieces=calls)] if calls else []
    chunks += [event({"text": ""}, finish="stop"), Chunk(members({"candidates": []}), usage=msgspec.Raw(b"{}"))]
    made = as_chat(chunks)
    deltas = [one["choices"][0]["delta"] for one in told(made)]
    for name, kind in (("reasoning_content", True), ("content", False)):
        assert "".join(delta.get(name) or "" for delta in deltas) == "".join(t for is_it, t in texts if is_it is kind)
    found = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert [call["index"] for call in found] == list(range(calls))
    assert len({call["id"] for call in found}) == calls
    assert all(json.loads(call["function"]["arguments"]) == {"city": "Seoul"} for call in found)
    assert all(call["extra_content"] == {"google": {"thought_signature": "s"}} for call in found)
    assert [chunk.finish for chunk in made if chunk.finish] == ["tool_calls" if calls else "stop"]
    assert sum(chunk.pieces for chunk in made) == len(texts) + calls
    assert [chunk.usage for chunk in made if chunk.usage is not None] == [msgspec.Raw(b"{}")]
    assert deltas[0]["role"] == "assistant"


def test_a_whole_reply_as_chat() -> None:
    parts = ({"text": "hm", "thought": True}, {"text": "Hi"}, {"functionCall": {"name": "f", "id": "own"}})
    made = GeminiReply(1).whole(event(*parts, finish="stop", pieces=3, usage=msgspec.Raw(b"{}")))
    (choice,) = told([made])[0]["choices"]
    assert choice["finish_reason"] == made.finish == "tool_calls"
    assert (choice["message"]["content"], choice["message"]["reasoning_content"]) == ("Hi", "hm")
    function = {"name": "f", "arguments": "{}"}
    assert choice["message"]["tool_calls"] == [{"id": "own", "type": "function", "function": function}]
    assert (made.pieces, made.usage) == (3, msgspec.Raw(b"{}"))


@pytest.mark.parametrize(("parts", "content"), [((), ""), (({"functionCall": {"name": "f"}},), None)])
def test_a_message_without_words(parts: tuple[dict[str, Any], ...], content: str | None) -> None:
    (choice,) = told([GeminiReply(1).whole(event(*parts, finish="stop"))])[0]["choices"]
    assert choice["message"]["content"] == content


@pytest.mark.parametrize("said", [{"candidates": 7}, {"candidates": [{"content": {"parts": [1]}}]}])
def test_what_is_no_answer_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Unavailable) as caught:
        GeminiReply(1).feed(Chunk(members(said)))
    assert caught.value.code == "upstream_garbage"


class Scripted(FakeProvider):
    """Says what a test wrote, in Gemini's words, and keeps what it was asked."""

    speaks: Dialect = "gemini"
    chunks: tuple[Chunk, ...] = ()

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        self.calls.append(call)
        for chunk in self.chunks:
            yield chunk


def heard(provider: Scripted, asked_in: Dialect, *, stream: bool) -> list[Chunk]:
    asked = {"messages": [{"role": "user", "content": "?"}], "system": "Be brief.", "max_tokens": 64}

    async def run() -> list[Chunk]:
        call = Call("m", members(asked), stream, 64)
        return [chunk async for chunk in bridged(provider, call, asked_in, 1)]

    return asyncio.run(run())


def test_messages_go_by_way_of_chat() -> None:
    provider = Scripted()
    seoul = {"functionCall": {"name": "weather", "args": {"city": "Seoul"}}}
    provider.chunks = (
        event({"text": "hm", "thought": True}, pieces=1), event({"text": "Hi"}, pieces=1), event(seoul, pieces=1),
        event(finish="stop"), Chunk(members({"candidates": []}), usage=msgspec.Raw(b'{"promptTokenCount":1}')),
    )  # fmt: skip
    made = heard(provider, "messages", stream=True)
    events = told(made)
    blocks = put_together(events)
    assert [block["type"] for block in blocks] == ["thinking", "text", "tool_use"]
    assert json.loads(blocks[2]["json"]) == {"city": "Seoul"}
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert sum(chunk.pieces for chunk in made) == 3
    assert [bytes(chunk.usage) for chunk in made if chunk.usage is not None] == [b'{"promptTokenCount":1}']
    sent = provider.calls[0].members
    assert json.loads(bytes(sent["systemInstruction"])) == {"parts": [{"text": "Be brief."}]}


def test_a_whole_message_goes_by_way_of_chat() -> None:
    provider = Scripted()
    provider.chunks = (event({"text": "Hi"}, finish="length", usage=msgspec.Raw(b"{}")),)
    (made,) = heard(provider, "messages", stream=False)
    (message,) = told([made])
    assert (message["content"], message["stop_reason"]) == ([{"type": "text", "text": "Hi"}], "max_tokens")
    assert made.usage == msgspec.Raw(b"{}")
