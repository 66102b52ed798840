"""What goes on unread, because it is like an event that was read, says what it says when it is read."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.upstream import Upstream

from solvent.providers import anthropic
from solvent.providers.alike import Alike
from solvent.providers.openai_compatible import word_of
from solvent.providers.port import Call, Chunk, Like, Settings
from solvent.wire.sse import EventReader

FRAMES = st.sampled_from(
    (b"data: %b\n\n", b"event: x\ndata: %b\n\n", b": beat\ndata:%b\r\n\r\n", b"data: %b\n\ndata: 1\n\n")
)
WORDS = st.text(max_size=4) | st.sampled_from(("id", "x", '"', "\n", "é"))
NAMES = st.sampled_from(("content", "reasoning", "reasoning_content"))


def event(frame: bytes, word: str, name: str, model: str) -> bytes:
    """A chat completion's, in whose framing and other members anything may stand."""
    choice = {"index": 0, "delta": {name: word, "role": "x"}, "finish_reason": None}
    return frame % msgspec.json.encode({"id": "x", "model": model, "choices": [choice]})


class Told:
    """What was passed on, as payloads."""

    def __init__(self) -> None:
        self.payloads: list[dict[str, Any]] = []

    def pass_on(self, like: Like, word: bytes) -> bool:
        choices = bytes(like.chunk.members["choices"])
        assert choices.count(like.word) == 1
        told = {**like.chunk.members, "choices": msgspec.Raw(choices.replace(like.word, word))}
        self.payloads.append(msgspec.json.decode(msgspec.json.encode(told)))
        return True


def follow(told: Told, first: bytes) -> Alike:
    """A stream of which one event was read."""
    alike = Alike(told.pass_on)
    for payload in alike.read(first):
        members = msgspec.json.decode(payload, type=dict[str, msgspec.Raw] | int)
        if isinstance(members, dict):
            chunk = Chunk(members, 1)
            if alike.is_asked(chunk):
                alike.learn(chunk, word_of(members["choices"]))
    return alike


@given(FRAMES, FRAMES, WORDS, WORDS, NAMES, NAMES, WORDS, st.integers(0, 9))
def test_what_is_passed_on_says_what_it_says_when_it_is_read(
    frame: bytes, other_frame: bytes, first: str, second: str, name: str, other: str, model: str, cut: int
) -> None:
    told = Told()
    alike = follow(told, event(frame, first, name, model))
    came = event(other_frame, second, other, model)
    came = came[:-cut] if cut > 4 else came  # often whole, else not
    if alike.take(came):
        assert told.payloads == [msgspec.json.decode(payload) for payload in EventReader().feed(came)]
        assert second  # silence is no piece


@pytest.mark.parametrize(
    "data",
    [
        b'data: {"choices":[{"delta":{"content":"a"},"b":"c"},{"delta":{"content":"d"}}]}\n\n',  # more than a word
        b'data: {"choices":[{"delta":{"content":"a\nb"}}]}\n\n',  # no JSON, as a string holds no end of a line
        b'data: {"choices":[{"delta":{"content":\n"a"}}]}\n\n',  # no event, though JSON
        b'data: {"choices":[{"delta":{"content":"a" }}]}\n\n',
        b'data: {"choices":[{"delta":{"content":7}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":""}}]}\n\n',  # no piece
        b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"choices":[{"delta":{"content":"b"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"}}]}\n\n',
    ],
)
def test_what_is_more_or_less_than_another_word_is_read(data: bytes) -> None:
    told = Told()
    alike = follow(told, b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n')
    assert alike.take(b'data: {"choices":[{"delta":{"content":"world"}}]}\n\n')
    assert not alike.take(data)
    assert len(told.payloads) == 1


@pytest.mark.parametrize("frame", [b"data: %b\n\n", b"event: x\ndata: %b\n\n", b"data:%b\r\n\r\n"])
def test_words_are_passed_on_whatever_stands_around_them(frame: bytes) -> None:
    told = Told()
    alike = follow(told, event(frame, "hello", "content", "m"))
    for word in ("world", '"\n', "é", "id"):
        assert alike.take(event(frame, word, "content", "m"))
    assert [said["choices"][0]["delta"]["content"] for said in told.payloads] == ["world", '"\n', "é", "id"]


def test_nothing_is_passed_on_in_the_middle_of_another_event() -> None:
    told = Told()
    alike = follow(told, b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n')
    assert alike.read(b"data: [1,\n") == []
    assert not alike.take(b'data: {"choices":[{"delta":{"content":"world"}}]}\n\n')


def test_messages_are_alike_too() -> None:
    words: list[bytes] = []

    def pass_on(like: Like, word: bytes) -> bool:
        assert like.word in bytes(like.chunk.members["delta"])
        words.append(word)
        return True

    async def pieces(base_url: str) -> int:
        provider = anthropic.open_provider(Settings("v", base_url))
        script = json.dumps({"words": 9, "pause_s": 0.01})
        members = {"messages": [], "stream": True, "metadata": {"user_id": script}}
        raw = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}
        try:
            return sum([chunk.pieces async for chunk in provider.stream(Call("m", raw, True, 64, pass_on=pass_on))])
        finally:
            await provider.close()

    with Upstream() as upstream:
        yielded = asyncio.run(pieces(upstream.base_url))
    assert yielded + len(words) == 9
    assert len(words) > 4
    assert words[-1] == b'"word8 "'
