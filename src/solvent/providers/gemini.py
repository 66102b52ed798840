"""Google's Gemini, in its own words: generateContent, and streamGenerateContent as server-sent events.

Every event reports what was used so far; one report is passed on, the last. No word ends a stream: it is over when an
event has said why. Source: ai.google.dev/api/generate-content (read 2026-11).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from solvent.providers.faults import UNREADABLE, Faults
from solvent.providers.port import Call, Chunk, Dialect, OnAbort, Provider, Settings
from solvent.providers.upstream import Upstream
from solvent.values.errors import Unavailable
from solvent.values.finish import GEMINI_REASONS
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX
from solvent.wire.sse import EventReader

BASE_URL: Final = "https://generativelanguage.googleapis.com/v1beta"
_NOTHING_SAID: Final = msgspec.Raw(b"[]")

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.encode


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    function_call: dict[str, msgspec.Raw] | None = None


class _Content(msgspec.Struct):
    parts: Sequence[_Part] = ()


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    candidates: Sequence[_Candidate] = ()
    prompt_feedback: _Feedback | None = None

    @property
    def parts(self) -> list[_Part]:
        """All that is said, by whichever candidate."""
        return [part for one in self.candidates if one.content for part in one.content.parts]

    @property
    def finish(self) -> str:
        """Why it ended, in chat's words; "" while it goes on. A question that is blocked has no answer at all."""
        if self.prompt_feedback is not None and self.prompt_feedback.block_reason:
            return "content_filter"
        reason = next((one.finish_reason for one in self.candidates if one.finish_reason), "")
        return GEMINI_REASONS.get(reason, "stop") if reason else ""


_decode_event = msgspec.json.Decoder(_Event).decode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return Gemini(settings)


class Gemini:
    """One upstream behind one base URL."""

    speaks: Dialect = "gemini"

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.on_abort: OnAbort = settings.on_abort
        headers = {"x-goog-api-key": settings.key} if settings.key else {}
        self._upstream = Upstream(settings, headers, BASE_URL)
        self._limit_field = settings.limit_field or "maxOutputTokens"

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        method = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        path = f"/models/{quote(call.upstream, safe='')}:{method}"
        reply = await self._upstream.ask(path, self._body(call), streams=call.stream)
        telling = _Telling(self._upstream.faults)
        try:
            if not call.stream:
                yield telling.whole(await reply.read(UPSTREAM_BODY_BYTES_MAX))
                return
            events = EventReader()
            try:
                async for data in reply.chunks():
                    for payload in events.feed(data):
                        yield telling.chunk(payload)
            except Unavailable:
                if not telling.is_over:
                    raise
            if not telling.is_over:
                raise Unavailable("upstream_cut_off", f"{self.name} ended its stream without a finishReason")
            yield Chunk({"candidates": _NOTHING_SAID}, usage=telling.usage)
        finally:
            reply.close()

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return await self._upstream.served("/models?pageSize=1000")

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._upstream.close()

    def _body(self, call: Call) -> bytes:
        members: dict[str, object] = {**call.members, **self._upstream.members}
        config: dict[str, object] = {**_decode_members(_encode(members.get("generationConfig", {})))}
        config.pop("candidateCount", None)  # each would have a limit of its own
        config[self._limit_field] = call.output_tokens_max
        return _encode({**members, "generationConfig": config})


class _Telling:
    """One answer, event by event, without I/O. usage: the latest report."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.usage: msgspec.Raw | None = None
        self.is_over = False

    def chunk(self, payload: bytes) -> Chunk:
        """One event. Raises Unavailable for an error that comes instead, and for what is no event."""
        members, event = self._read(payload)
        self.is_over = self.is_over or event.finish != ""
        return Chunk(members, _pieces(event), finish=event.finish)

    def whole(self, payload: bytes) -> Chunk:
        """A whole reply. Raises Unavailable for what is none."""
        members, event = self._read(payload)
        if not event.finish and not event.candidates:
            raise self._faults.garbage("its answer has no candidates")
        text = " ".join(part.text for part in event.parts if part.text)
        return Chunk(members, _pieces(event), self.usage, None, event.finish or "stop", text)

    def _read(self, payload: bytes) -> tuple[dict[str, msgspec.Raw], _Event]:
        try:
            members, event = _decode_members(payload), _decode_event(payload)
        except UNREADABLE:
            raise self._faults.garbage("it sent what is no part of an answer") from None
        if "error" in members:
            raise self._faults.said(payload, None)
        report = members.pop("usageMetadata", None)
        if report is not None and bytes(report) != b"null":
            self.usage = report
        return members, event


def _pieces(event: _Event) -> int:
    """What a part holds is at least one token, if it holds anything."""
    return sum(1 for part in event.parts if part.text or part.function_call is not None)
