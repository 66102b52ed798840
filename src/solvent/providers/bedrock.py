"""AWS Bedrock's Converse, in its own words, with an API key of Bedrock as bearer: any model there, in one form.

A stream is of frames; each is told as an object with one member, the name of its event. The last has the report.
Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html (read 2026-11).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from solvent.providers.faults import UNREADABLE, Faults
from solvent.providers.port import Call, Chunk, Dialect, OnAbort, Provider, Settings
from solvent.providers.upstream import Upstream
from solvent.values.errors import Unavailable
from solvent.values.finish import FINISH_REASONS
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX
from solvent.wire.frames import Frame, FrameReader

FRAMES: Final = "application/vnd.amazon.eventstream"
# What goes wrong in the middle of an answer, as the status it would have had before.
_STATUSES: Final = {"throttlingException": 429, "serviceUnavailableException": 503, "validationException": 400}

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.encode


class _Thought(msgspec.Struct):
    text: str = ""


class _Delta(msgspec.Struct, rename="camel"):
    text: str = ""
    tool_use: dict[str, Any] | None = None
    reasoning_content: _Thought | None = None


class _Event(msgspec.Struct, rename="camel"):
    delta: _Delta | None = None
    stop_reason: str | None = None


class _Message(msgspec.Struct):
    content: Sequence[_Delta] = ()


class _Output(msgspec.Struct):
    message: _Message


class _Whole(msgspec.Struct, rename="camel"):
    output: _Output
    stop_reason: str | None = None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_whole = msgspec.json.Decoder(_Whole).decode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`. base_url: https://bedrock-runtime.REGION.amazonaws.com."""
    return Bedrock(settings)


class Bedrock:
    """One region of Bedrock."""

    speaks: Dialect = "converse"

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.on_abort: OnAbort = settings.on_abort
        headers = {"authorization": f"Bearer {settings.key}"} if settings.key else {}
        self._upstream = Upstream(settings, headers, stream_type=FRAMES)
        self._limit_field = settings.limit_field or "maxTokens"

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        path = f"/model/{quote(call.upstream, safe='')}/converse" + ("-stream" if call.stream else "")
        reply = await self._upstream.ask(path, self._body(call), streams=call.stream)
        faults = self._upstream.faults
        try:
            if not call.stream:
                yield _whole(await reply.read(UPSTREAM_BODY_BYTES_MAX), faults)
                return
            frames = FrameReader()
            async for data in reply.chunks():
                for frame in frames.feed(data):
                    chunk = _chunk(frame, faults)
                    yield chunk
                    if "metadata" in chunk.members:
                        return
            raise Unavailable("upstream_cut_off", f"{self.name} ended its stream without its metadata")
        finally:
            reply.close()

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`. Its runtime lists no models: that it answers is all there is to know."""
        await self._upstream.reach()
        return ()

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._upstream.close()

    def _body(self, call: Call) -> bytes:
        members: dict[str, object] = {**call.members, **self._upstream.members}
        config: dict[str, object] = {**_decode_members(_encode(members.get("inferenceConfig", {})))}
        config[self._limit_field] = call.output_tokens_max
        return _encode({**members, "inferenceConfig": config})


def _chunk(frame: Frame, faults: Faults) -> Chunk:
    """One event. Raises Unavailable for an exception that comes instead, and for what is no event."""
    kind = frame.headers.get(":event-type", "")
    if not kind:
        what = frame.headers.get(":exception-type", "")
        fault = faults.said(frame.payload, _STATUSES.get(what))
        raise fault if isinstance(fault, Unavailable) else Unavailable("upstream_failed", fault.message)
    try:
        members, event = _decode_members(frame.payload), _decode_event(frame.payload)
    except UNREADABLE:
        raise faults.garbage("it sent an event that is none of Converse") from None
    usage = members.pop("usage", None)
    finish = FINISH_REASONS.get(event.stop_reason, "stop") if event.stop_reason else ""
    pieces = _pieces([event.delta]) if event.delta else 0
    return Chunk({kind: msgspec.Raw(_encode(members))}, pieces, usage, finish=finish)


def _whole(payload: bytes, faults: Faults) -> Chunk:
    try:
        members, said = _decode_members(payload), _decode_whole(payload)
    except UNREADABLE:
        raise faults.garbage("its answer is not of Converse") from None
    content = said.output.message.content
    finish = FINISH_REASONS.get(said.stop_reason or "", "stop")
    text = " ".join(part.text for part in content if part.text)
    return Chunk(members, _pieces(content), members.pop("usage", None), None, finish, text)


def _pieces(parts: Sequence[_Delta]) -> int:
    """What a part holds is at least one token, if it holds anything."""
    return sum(
        1 for part in parts if part.text or part.tool_use or (part.reasoning_content and part.reasoning_content.text)
    )
