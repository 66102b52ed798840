"""Anything that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, llama.cpp, Ollama and many more.

Usage is always asked for upstream, whether or not the client did; the gateway strips what it did not ask.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec

from solvent.providers.faults import UNREADABLE
from solvent.providers.port import Call, Chunk, Dialect, OnAbort, Provider, Settings
from solvent.providers.upstream import Upstream
from solvent.values.errors import Unavailable
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX
from solvent.wire.sse import EventReader

_DONE = b"[DONE]"
_NONE = b"null"
_NO_CHOICES = {_NONE, b"[]"}
_LIMIT_WORDS = ("max_tokens", "max_completion_tokens")

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.encode


class _Text(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[msgspec.Raw] | None = None


class _Choice(msgspec.Struct):
    delta: _Text | None = None
    message: _Text | None = None
    finish_reason: str | None = None


_decode_choices = msgspec.json.Decoder(list[_Choice]).decode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings)


class OpenAICompatible:
    """One upstream behind one base URL."""

    speaks: Dialect = "chat"

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.on_abort: OnAbort = settings.on_abort
        headers = {"authorization": f"Bearer {settings.key}"} if settings.key else {}
        self._upstream = Upstream(settings, headers)
        self._faults = self._upstream.faults
        self._limit_field = settings.limit_field
        self._include_usage = msgspec.Raw(b'{"include_usage":true}')

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        reply = await self._upstream.ask("/chat/completions", self._body(call), streams=call.stream)
        try:
            if not call.stream:
                chunk = self._chunk(await reply.read(UPSTREAM_BODY_BYTES_MAX))
                if bytes(chunk.members.get("choices", _NONE)) in _NO_CHOICES:
                    raise self._faults.garbage("its answer has no choices")
                yield chunk
                return
            events = EventReader()
            async for data in reply.chunks():
                for payload in events.feed(data):
                    if payload == _DONE:
                        return
                    yield self._chunk(payload)
            raise Unavailable("upstream_cut_off", f"{self.name} ended its stream without [DONE]")
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
        for word in _LIMIT_WORDS:  # an upstream that does not know the client's word for it would know no limit
            members.pop(word, None)
        members["model"] = call.upstream
        members[self._limit_field] = call.output_tokens_max
        if call.stream:
            members["stream_options"] = self._include_usage
        members.update(self._upstream.members)
        return _encode(members)

    def _chunk(self, payload: bytes) -> Chunk:
        try:
            members = _decode_members(payload)
            raw_choices = members.get("choices")
            # Some servers send null here, or leave it out, on the usage event.
            choices = _decode_choices(raw_choices) if raw_choices and bytes(raw_choices) != b"null" else []
        except UNREADABLE:
            raise self._faults.garbage("it sent an event that is not a chat completion") from None
        if bytes(members.get("error", _NONE)) != _NONE:
            raise self._faults.said(payload, None)
        usage = members.pop("usage", None)
        if usage is not None and bytes(usage) == b"null":
            usage = None
        finish = next((choice.finish_reason for choice in choices if choice.finish_reason), "")
        pieces = sum(map(_pieces, choices))
        text = " ".join(map(_whole_text, choices))
        return Chunk(members, pieces, usage, members.pop("timings", None), finish, text)


def _pieces(choice: _Choice) -> int:
    """What a choice holds is at least one token, if it holds anything."""
    said = choice.delta or choice.message
    return 1 if said and (said.content or said.reasoning_content or said.tool_calls) else 0


def _whole_text(choice: _Choice) -> str:
    """A whole message's words; of a whole message only they are sure to be tokens."""
    message = choice.message
    if message is None:
        return ""
    thought = message.reasoning_content
    return f"{thought} {message.content}" if thought else message.content or ""
