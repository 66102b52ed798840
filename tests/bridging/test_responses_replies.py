"""Whatever a stream of chat is cut into, what comes out are well-formed events of a response that says the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response
from tests.bridging.test_replies import CALLS, WORDS, chat_chunk

from solvent.bridging.responses_reply import ResponsesReply, response_frame
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable

FRAME = response_frame("ans_1", "m", 7, {"instructions": msgspec.Raw(b'"Be brief."')})
SAID = st.lists(st.tuples(st.sampled_from(["content", "reasoning_content", "refusal"]), WORDS), max_size=8)
DONE = {"output_text": "text", "reasoning_text": "text", "refusal": "refusal"}


def told(chunks: list[Chunk]) -> list[dict[str, Any]]:
    """All events, as they go on the wire: none may change after it was told."""
    reply = ResponsesReply(FRAME)
    sent = [reply.begin(), *map(reply.feed, chunks), reply.end(), [reply.last({"usage": {"input_tokens": 1}})]]
    return [json.loads(event) for event in [msgspec.json.encode(event) for events in sent for event in events]]


def chunks_of(said: list[tuple[str, str]], pieces: list[tuple[int, str]], why: str = "stop") -> list[Chunk]:
    """What was said, then calls that may be told interleaved."""
    chunks = [chat_chunk({"role": "assistant", "content": ""})]
    chunks += [chat_chunk({name: text}, pieces=1) for name, text in said]
    begun: set[int] = set()
    for at, piece in pieces:
        named = {} if at in begun else {"id": f"call_{at}", "type": "function"}
        function = {"arguments": piece} | ({} if at in begun else {"name": f"tool_{at}"})
        begun.add(at)
        chunks.append(chat_chunk({"tool_calls": [{"index": at, **named, "function": function}]}))
    return [*chunks, chat_chunk({}, why), Chunk({"choices": msgspec.Raw(b"[]")}, usage=msgspec.Raw(b"{}"))]


def put_together(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items, as a client puts them together; every rule of the dialect is checked on the way."""
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    items: list[dict[str, Any]] = []
    closed: dict[int, dict[str, Any]] = {}
    for event in events[2:-1]:
        kind, at = event["type"].removeprefix("response."), event["output_index"]
        if kind == "output_item.added":
            assert (at, event["item"]["status"]) == (len(items), "in_progress")
            items.append(event["item"] | {"open": None})
            continue
        assert at not in closed
        item = items[at]
        assert event.get("item_id", item["id"]) == item["id"]
        if kind == "output_item.done":
            assert item.pop("open") is None
            closed[at] = event["item"]
            assert event["item"] == item | {"status": event["item"]["status"]}
        elif kind == "content_part.added":
            assert (item["open"], event["content_index"]) == (None, len(item["content"]))
            item["content"].append(event["part"])
            item["open"] = event["part"]["type"]
        elif kind == "content_part.done":
            assert event["part"] == item["content"][event["content_index"]]
            item["open"] = None
        elif kind.startswith("function_call_arguments"):
            item["arguments"] += event.get("delta", "")
            assert event.get("arguments", item["arguments"]) == item["arguments"]
        else:
            of, verb = kind.split(".")
            part = item["content"][event["content_index"]]
            assert item["open"] == part["type"] == of
            part[DONE[of]] += event.get("delta", "")
            assert verb == "delta" or event[DONE[of]] == part[DONE[of]]
    assert len(closed) == len(items), "an item was opened and never closed"
    return [closed[at] for at in range(len(items))]


@given(SAID, CALLS, st.sampled_from(["stop", "length", "tool_calls"]))
@settings(deadline=None, max_examples=200)
def test_a_stream_of_chat_as_events(said: list[tuple[str, str]], pieces: list[tuple[int, str]], why: str) -> None:
    events = told(chunks_of(said, pieces, why))
    items = put_together(events)
    texts = {
        name: "".join(part[DONE[kind]] for item in items for part in item.get("content", ()) if part["type"] == kind)
        for name, kind in (("content", "output_text"), ("reasoning_content", "reasoning_text"), ("refusal", "refusal"))
    }
    assert texts == {name: "".join(text for of, text in said if of == name) for name in texts}
    given_: dict[str, str] = {}
    for at, piece in pieces:
        given_[f"call_{at}"] = given_.get(f"call_{at}", "") + piece
    calls = [item for item in items if item["type"] == "function_call"]
    assert {call["call_id"]: call["arguments"] for call in calls} == given_
    assert all(call["name"] == call["call_id"].replace("call", "tool") for call in calls)
    last = events[-1]
    assert last["type"] == ("response.incomplete" if why == "length" else "response.completed")
    assert last["response"]["output"] == items
    assert [item["status"] for item in items] == ["completed"] * (len(items) - 1) + (
        ["incomplete" if why == "length" else "completed"] if items else []
    )
    assert len({item["id"] for item in items}) == len(items)
    Response.model_validate(last["response"] | {"usage": None}, strict=True)


@given(st.text(max_size=5), st.text(max_size=5), st.lists(st.text('{}:,"ab', max_size=5), max_size=3))
@settings(deadline=None)
def test_a_whole_reply_says_what_its_stream_would(thought: str, text: str, arguments: list[str]) -> None:
    calls = [{"id": f"call_{at}", "function": {"name": f"tool_{at}", "arguments": a}} for at, a in enumerate(arguments)]
    message = {"content": text, "reasoning_content": thought, "tool_calls": calls}
    reply = ResponsesReply(FRAME)
    choices = [{"message": message, "finish_reason": "stop"}]
    reply.hear(Chunk({"choices": msgspec.Raw(json.dumps(choices).encode())}))
    whole = json.loads(msgspec.json.encode(reply.response({"usage": {"input_tokens": 1}})))
    streamed = told(chunks_of([("reasoning_content", thought), ("content", text)], list(enumerate(arguments))))
    assert whole == streamed[-1]["response"]


def test_what_was_asked_is_said_again_and_the_rest_has_its_default() -> None:
    response = told(chunks_of([], []))[0]["response"]
    assert (response["id"], response["model"], response["created_at"]) == ("ans_1", "m", 7)
    assert (response["instructions"], response["tools"], response["store"]) == ("Be brief.", [], False)
    assert (response["status"], response["output"], response["usage"]) == ("in_progress", [], None)


def test_a_call_without_an_id_gets_one_that_no_other_has() -> None:
    nameless = [{"index": at, "function": {"name": "f", "arguments": "{}"}} for at in range(2)]
    items = put_together(told([chat_chunk({"tool_calls": nameless}, "tool_calls")]))
    assert len({item["call_id"] for item in items}) == 2


def test_the_tier_it_was_served_in_is_told() -> None:
    chunk = chat_chunk({"content": "x"}, "stop")
    chunk.members["service_tier"] = msgspec.Raw(b'"flex"')
    *_, last = told([chunk])
    assert last["response"]["service_tier"] == "flex"
    assert told([])[-1]["response"]["service_tier"] == "default"


@given(SAID, CALLS, st.integers(0, 20))
@settings(deadline=None)
def test_where_it_breaks_nothing_half_is_in_the_response(
    said: list[tuple[str, str]], pieces: list[tuple[int, str]], after: int
) -> None:
    reply = ResponsesReply(FRAME)
    events = [*reply.begin(), *(event for chunk in chunks_of(said, pieces)[:after] for event in reply.feed(chunk))]
    error = {"message": "it broke", "type": "api_error", "param": None, "code": "upstream_cut_off"}
    events += reply.failed(error)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    failed, last = json.loads(msgspec.json.encode(events[-2:]))
    closed = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    assert failed["response"]["output"] == json.loads(msgspec.json.encode(closed))
    assert failed["response"]["error"] == {"code": "upstream_cut_off", "message": "it broke"}
    assert (last["type"], last["code"], last["error"]) == ("error", "upstream_cut_off", error)


def test_what_is_no_completion_is_garbage() -> None:
    with pytest.raises(Unavailable) as wrong:
        ResponsesReply(FRAME).feed(Chunk({"choices": msgspec.Raw(b"5")}))
    assert wrong.value.code == "upstream_garbage"
