"""Anything that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, llama.cpp, Ollama and many more.

Usage is always asked for upstream, whether or not the client did; the gateway strips what it did not ask.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec

from solvent.providers.port import Call, Chunk, OnAbort, Provider, Settings
from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts
from solvent.wire.reply import Reply
from solvent.wire.sse import EventReader

_ERROR_BYTES_MAX = 64 * 1024
_DONE = b"[DONE]"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # all that reading a stranger's JSON may raise
_NONE = b"null"
_NO_CHOICES = {_NONE, b"[]"}
_LIMIT_WORDS = ("max_tokens", "max_completion_tokens")
_OUR_FAULT = {400, 404, 405, 413, 415, 422}  # the question itself is refused: not a matter of retrying

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


class _Served(msgspec.Struct):
    id: str


class _ServedList(msgspec.Struct):
    data: list[_Served] = []


class _Fault(msgspec.Struct):
    message: str = ""
    code: str | int | None = None
    param: str | None = None


class _FaultBody(msgspec.Struct):
    error: _Fault | str | None = None


_decode_choices = msgspec.json.Decoder(list[_Choice]).decode
_decode_fault = msgspec.json.Decoder(_FaultBody, strict=False).decode
_decode_served = msgspec.json.Decoder(_ServedList).decode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings)


class OpenAICompatible:
    """One upstream behind one base URL."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self._key = settings.key
        self.on_abort: OnAbort = settings.on_abort
        headers = {"authorization": f"Bearer {settings.key}"} if settings.key else {}
        timeouts = Timeouts(first_byte_s=settings.first_byte_s, silence_s=settings.silence_s)
        self._pool = Pool(Origin.parse(settings.base_url), headers=headers, timeouts=timeouts)
        self._limit_field = settings.limit_field
        self._members = {key: msgspec.Raw(_encode(value)) for key, value in settings.members.items()}
        self._include_usage = msgspec.Raw(b'{"include_usage":true}')

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        headers = {"content-type": "application/json"}
        reply = await self._pool.send("POST", "/chat/completions", headers, self._body(call))
        try:
            if reply.status != 200:
                raise await self._fault(reply)
            if not call.stream:
                chunk = self._chunk(await reply.read(UPSTREAM_BODY_BYTES_MAX))
                if bytes(chunk.members.get("choices", _NONE)) in _NO_CHOICES:
                    raise self._garbage("its answer has no choices")
                yield chunk
                return
            if not reply.headers.get("content-type", "").startswith("text/event-stream"):
                raise self._garbage("it answered a stream with " + reply.headers.get("content-type", "nothing"))
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
        reply = await self._pool.send("GET", "/models", {}, b"")
        try:
            if reply.status != 200:
                raise await self._fault(reply)
            return tuple(served.id for served in _decode_served(await reply.read(UPSTREAM_BODY_BYTES_MAX)).data)
        except msgspec.DecodeError:
            raise self._garbage("its model list is not readable") from None
        finally:
            reply.close()

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._pool.close()

    def _body(self, call: Call) -> bytes:
        members: dict[str, object] = dict(call.members)
        for word in _LIMIT_WORDS:  # an upstream that does not know the client's word for it would know no limit
            members.pop(word, None)
        members["model"] = call.upstream
        members[self._limit_field] = call.output_tokens_max
        if call.stream:
            members["stream_options"] = self._include_usage
        members.update(self._members)
        return _encode(members)

    def _chunk(self, payload: bytes) -> Chunk:
        try:
            members = _decode_members(payload)
            raw_choices = members.get("choices")
            # Some servers send null here, or leave it out, on the usage event.
            choices = _decode_choices(raw_choices) if raw_choices and bytes(raw_choices) != b"null" else []
        except _UNREADABLE:
            raise self._garbage("it sent an event that is not a chat completion") from None
        if bytes(members.get("error", _NONE)) != _NONE:
            raise self._said(payload, None)
        usage = members.pop("usage", None)
        if usage is not None and bytes(usage) == b"null":
            usage = None
        finish = next((choice.finish_reason for choice in choices if choice.finish_reason), "")
        pieces = sum(map(_pieces, choices))
        text = " ".join(map(_whole_text, choices))
        return Chunk(members, pieces, usage, members.pop("timings", None), finish, text)

    async def _fault(self, reply: Reply) -> Invalid | Unavailable:
        try:
            body = await reply.read(_ERROR_BYTES_MAX)
        except Unavailable:  # its reasons are lost or too long, its status is not
            body = b""
        return self._said(body, reply.status)

    def _said(self, body: bytes, status: int | None) -> Invalid | Unavailable:
        """The upstream's own words as our error, without our key; a body we cannot read is not repeated."""
        try:
            fault = _decode_fault(body).error
        except _UNREADABLE:
            fault = None
        words = self._without_key(fault if isinstance(fault, str) else fault.message if fault else "")
        if status in _OUR_FAULT:
            param = self._without_key(fault.param)[:100] if isinstance(fault, _Fault) and fault.param else None
            message = f"the model does not accept this question: {words[:500] or f'status {status}'}"
            return Invalid("upstream_refused", message, param=param)
        if status in (401, 402, 403):
            # Its words may repeat part of the key we sent, or tell of our bill there.
            message = "the model's provider does not accept our key or account; the operator must see to it"
            return Unavailable("upstream_key_refused", message, upstream_status=status)
        if status == 429:
            message = f"the model's provider is limiting us: {words[:200] or 'too many requests'}"
            return Unavailable("upstream_busy", message, retry_after_s=5, upstream_status=status)
        where = f"with status {status}" if status else "in the middle of its answer"
        message = f"the model's provider failed {where}: {words[:200] or 'it gave no reason'}"
        return Unavailable("upstream_failed", message, upstream_status=status)

    def _without_key(self, words: str) -> str:
        return words.replace(self._key, "[our key]") if self._key else words

    def _garbage(self, what: str) -> Unavailable:
        return Unavailable("upstream_garbage", f"{self.name} cannot be understood: {what[:200]}")


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
