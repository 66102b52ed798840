"""Whatever a stream is cut into, what comes out is a well-formed stream of the other dialect that says the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.bridging.chat_reply import ChatReply
from solvent.bridging.messages_reply import MessagesReply
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable

WORDS = st.text(min_size=1, max_size=9)


def chat_chunk(delta: dict[str, Any], why: str | None = None, **counted: Any) -> Chunk:
    choices = [{"index": 0, "delta": delta, "finish_reason": why}]
    return Chunk({"choices": msgspec.Raw(json.dumps(choices).encode())}, **counted)


def told(chunks: list[Chunk]) -> list[dict[str, Any]]:
    return [{name: json.loads(bytes(raw)) for name, raw in chunk.members.items()} for chunk in chunks if chunk.members]


def as_messages(chunks: list[Chunk]) -> list[Chunk]:
    reply = MessagesReply()
    return [*(made for chunk in chunks for made in reply.feed(chunk)), *reply.end()]


def put_together(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, as a client puts them together; every rule of the dialect is checked on the way."""
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    blocks: list[dict[str, Any]] = []
    is_open = False
    for event in events[1:-2]:
        if event["type"] == "content_block_start":
            assert not is_open
            assert event["index"] == len(blocks)
            is_open = True
            blocks.append(dict(event["content_block"]) | {"json": ""})
        elif event["type"] == "content_block_delta":
            assert is_open
            assert event["index"] == len(blocks) - 1
            delta = event["delta"]
            for name in ("text", "thinking"):
                if name in delta:
                    blocks[-1][name] += delta[name]
            blocks[-1]["json"] += delta.get("partial_json", "")
        else:
            assert event["type"] == "content_block_stop"
            assert is_open
            is_open = False
    assert not is_open
    return blocks


CALLS = st.lists(st.tuples(st.integers(0, 2), st.text('{}:,"ab', max_size=5)), max_size=9)


@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4), CALLS)
@settings(deadline=None, max_examples=200)
def test_a_stream_of_chat_as_messages(thoughts: list[str], words: list[str], pieces: list[tuple[int, str]]) -> None:
    """Calls may be told interleaved: each is whole in the end, and in its own block."""
    given_: dict[int, str] = {}
    chunks = [chat_chunk({"role": "assistant", "content": ""})]
    names = ("reasoning_content", "reasoning")  # which of them it is depends on who speaks chat
    chunks += [chat_chunk({names[n % 2]: text}, pieces=1) for n, text in enumerate(thoughts)]
    chunks += [chat_chunk({"content": text}, pieces=1) for text in words]
    for at, piece in pieces:
        first = at not in given_
        given_[at] = given_.get(at, "") + piece
        named = {"id": f"call_{at}", "type": "function"} if first else {}
        function = {"arguments": piece} | ({"name": f"tool_{at}"} if first else {})
        chunks.append(chat_chunk({"tool_calls": [{"index": at, **named, "function": function}]}, pieces=1))
    chunks.append(chat_chunk({}, "tool_calls" if given_ else "stop", finish="stop"))
    chunks.append(Chunk({"choices": msgspec.Raw(b"[]")}, usage=msgspec.Raw(b"{}")))
    made = as_messages(chunks)
    events = told(made)
    blocks = put_together(events)
    assert "".join(block["thinking"] for block in blocks if block["type"] == "thinking") == "".join(thoughts)
    assert "".join(block["text"] for block in blocks if block["type"] == "text") == "".join(words)
    assert {block["id"]: block["json"] for block in blocks if block["type"] == "tool_use"} == {
        f"call_{at}": said for at, said in given_.items()
    }
    assert events[-2]["delta"]["stop_reason"] == ("tool_use" if given_ else "end_turn")
    assert sum(chunk.pieces for chunk in made) == sum(chunk.pieces for chunk in chunks)
    assert len([chunk for chunk in made if chunk.usage is not None]) == 1
    assert [chunk.finish for chunk in made if chunk.finish] == ["stop"]


@given(st.lists(WORDS, max_size=5), st.lists(st.text("{}:,", max_size=4), max_size=4))
@settings(deadline=None)
def test_there_and_back_a_stream_says_the_same(words: list[str], pieces: list[str]) -> None:
    chunks = [chat_chunk({"content": text}) for text in words]
    if pieces:
        named = {"index": 0, "id": "call_1", "function": {"name": "f", "arguments": ""}}
        chunks.append(chat_chunk({"tool_calls": [named]}))
        chunks += [chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in pieces]
    chunks.append(chat_chunk({}, "length"))
    reply = ChatReply(5)
    back = told([made for chunk in as_messages(chunks) for made in reply.feed(chunk)] + reply.end())
    deltas = [event["choices"][0] for event in back]
    assert "".join(choice["delta"].get("content") or "" for choice in deltas) == "".join(words)
    calls = [call for choice in deltas for call in choice["delta"].get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == "".join(pieces)
    assert [call["id"] for call in calls if "id" in call] == (["call_1"] if pieces else [])
    assert deltas[-1]["finish_reason"] == "length"
    assert {event["created"] for event in back} == {5}


def test_whole_replies_of_either_dialect() -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": [1, "가"]}},
    ]  # fmt: skip
    message = {"content": msgspec.Raw(json.dumps(content).encode()), "stop_reason": msgspec.Raw(b'"tool_use"')}
    (chat,) = told([ChatReply(7).whole(Chunk(message, 3))])
    said = chat["choices"][0]
    assert (said["message"]["content"], said["message"]["reasoning_content"]) == ("Hi", "hm")
    assert (said["finish_reason"], chat["created"], chat["object"]) == ("tool_calls", 7, "chat.completion")
    raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in chat.items()}
    (back,) = told([MessagesReply().whole(Chunk(raw, 3))])
    assert [block["type"] for block in back["content"]] == ["thinking", "text", "tool_use"]
    assert back["content"][2] == content[2]
    assert back["stop_reason"] == "tool_use"


def test_what_is_neither_is_said_to_be_garbage() -> None:
    for reply, members in (
        (ChatReply(0), {"type": msgspec.Raw(b"5")}),
        (MessagesReply(), {"choices": msgspec.Raw(b"5")}),
    ):
        with pytest.raises(Unavailable) as wrong:
            reply.feed(Chunk(members))
        assert wrong.value.code == "upstream_garbage"


def test_a_call_that_chat_goes_back_to_after_its_end_is_not_patched_together() -> None:
    reply = MessagesReply()
    reply.feed(chat_chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}]}))
    reply.feed(chat_chunk({"content": "text"}))
    with pytest.raises(Unavailable):
        reply.feed(chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}))
