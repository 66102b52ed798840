"""Anthropic's messages: from Anthropic itself, and from whoever else speaks them.

A stream reports usage twice, what was read at its beginning and what was written at its end: both become one report.
Source: docs.anthropic.com/en/api/messages and /en/docs/build-with-claude/streaming (read 2026-11).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Final

import msgspec

from solvent.providers.alike import Alike
from solvent.providers.faults import UNREADABLE, Faults
from solvent.providers.port import Call, Chunk, Dialect, OnAbort, Provider, Settings
from solvent.providers.upstream import Upstream
from solvent.values.errors import Unavailable
from solvent.values.finish import FINISH_REASONS
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX

BASE_URL: Final = "https://api.anthropic.com/v1"
VERSION: Final = "2023-06-01"

_SILENCE: Final = msgspec.Raw(b'""')
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.encode


class _Delta(msgspec.Struct):
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Words(msgspec.Struct):
    """A delta's texts as they came."""

    text: msgspec.Raw = _SILENCE
    thinking: msgspec.Raw = _SILENCE
    partial_json: msgspec.Raw = _SILENCE


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""


class _Opening(msgspec.Struct):
    usage: dict[str, msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    delta: _Delta | None = None
    message: _Opening | None = None


class _Whole(msgspec.Struct):
    content: list[_Block]
    stop_reason: str | None = None


class _Count(msgspec.Struct):
    input_tokens: Annotated[int, msgspec.Meta(ge=0)]


_decode_count = msgspec.json.Decoder(_Count).decode
_decode_words = msgspec.json.Decoder(_Words).decode
_decode_event = msgspec.json.Decoder(_Event).decode
_decode_whole = msgspec.json.Decoder(_Whole).decode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return Anthropic(settings)


class Anthropic:
    """One upstream behind one base URL."""

    speaks: Dialect = "messages"

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.on_abort: OnAbort = settings.on_abort
        headers = {"anthropic-version": VERSION} | ({"x-api-key": settings.key} if settings.key else {})
        self._upstream = Upstream(settings, headers, BASE_URL)
        self._faults = self._upstream.faults

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        reply = await self._upstream.ask("/messages", self._body(call), streams=call.stream)
        try:
            if not call.stream:
                yield self._whole(await reply.read(UPSTREAM_BODY_BYTES_MAX))
                return
            events, telling = Alike(call.pass_on), _Telling(self._faults)
            reply.take = events.take
            while data := await reply.part():
                for payload in events.read(data):
                    chunk = telling.chunk(payload)
                    if events.is_asked(chunk):
                        events.learn(chunk, word_of(chunk.members["delta"]))
                    yield chunk
                    if telling.is_over:
                        return
            raise Unavailable("upstream_cut_off", f"{self.name} ended its stream without message_stop")
        finally:
            reply.close()

    async def count_tokens(self, call: Call) -> int:
        """See `CountsTokens`."""
        reply = await self._upstream.ask(
            "/messages/count_tokens", _encode({**call.members, "model": call.upstream}), streams=False
        )
        try:
            return _decode_count(await reply.read(UPSTREAM_BODY_BYTES_MAX)).input_tokens
        except UNREADABLE:
            raise self._faults.garbage("its count of tokens is not readable") from None
        finally:
            reply.close()

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return await self._upstream.served()

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._upstream.close()

    def _body(self, call: Call) -> bytes:
        members: dict[str, object] = dict(call.members)
        members["model"] = call.upstream
        members["max_tokens"] = call.output_tokens_max
        members.update(self._upstream.members)
        return _encode(members)

    def _whole(self, payload: bytes) -> Chunk:
        try:
            members, said = _decode_members(payload), _decode_whole(payload)
        except UNREADABLE:
            raise self._faults.garbage("its answer is not a message") from None
        usage = members.pop("usage", None)
        text = " ".join(block.text or block.thinking for block in said.content)
        return Chunk(members, len(said.content), usage, None, FINISH_REASONS.get(said.stop_reason or "", "stop"), text)


class _Telling:
    """One stream, event by event, without I/O."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._usage: dict[str, msgspec.Raw] = {}
        self.is_over = False

    def chunk(self, payload: bytes) -> Chunk:
        """One event. Raises Unavailable for an error that comes instead, and for what is no event."""
        try:
            members, event = _decode_members(payload), _decode_event(payload)
            own = _decode_members(members.pop("usage", b"{}"))
        except UNREADABLE:
            raise self._faults.garbage("it sent an event that is none of messages") from None
        if event.type == "error":
            raise self._faults.said(payload, None)
        if event.message is not None:
            self._usage |= event.message.usage or {}
        self.is_over = event.type == "message_stop"
        if event.type != "message_delta":
            return Chunk(members, _pieces(event))
        self._usage |= {name: value for name, value in own.items() if bytes(value) != b"null"}
        reason = event.delta.stop_reason if event.delta else None
        report = msgspec.Raw(_encode(self._usage)) if self._usage else None
        return Chunk(members, 0, report, None, FINISH_REASONS.get(reason, "stop") if reason else "")


def word_of(delta: msgspec.Raw) -> bytes:
    """The one string that a delta says, as it came; empty where it says several."""
    said = _decode_words(delta)
    words = [bytes(text) for text in (said.text, said.thinking, said.partial_json) if text != _SILENCE]
    return words[0] if len(words) == 1 else b""


def _pieces(event: _Event) -> int:
    """What a delta holds is at least one token, if it holds anything."""
    said = event.delta if event.type == "content_block_delta" else None
    return 1 if said and (said.text or said.thinking or said.partial_json) else 0
