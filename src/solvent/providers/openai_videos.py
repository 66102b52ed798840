"""Videos as OpenAI's API makes them, and whoever speaks it: jobs that are begun, looked at, fetched and deleted.

Source: developers.openai.com/api/reference/resources/videos (read 2026-11).
"""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import quote

import msgspec

from solvent.providers.faults import UNREADABLE
from solvent.providers.fields import fields_of
from solvent.providers.port import Call, VideoBytes, VideoTold
from solvent.providers.upstream import Upstream
from solvent.values.instant import US_PER_S
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX, VIDEO_BYTES_MAX
from solvent.wire.form import encode_form
from solvent.wire.reply import Reply

_PATH: Final = "/videos"
_ID_CHARACTERS_MAX: Final = 500
_NO_VIDEO: Final = ("application/json", "text/")


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Said(msgspec.Struct):
    id: str
    status: Literal["queued", "in_progress", "completed", "failed"]
    progress: float | None = None
    seconds: str | int | None = None
    expires_at: int | None = None
    error: _Error | None = None


_decode_said = msgspec.json.Decoder(_Said).decode


class OpenAIVideos:
    """See `Videos`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._faults = upstream.faults

    async def begin(self, call: Call) -> VideoTold:
        """See `Videos.begin`."""
        asked = {**call.members, "model": call.upstream, **self._upstream.members}
        kind, body = encode_form(fields_of(asked, call.files))
        return await self._told(await self._upstream.ask(_PATH, body, streams=False, content_type=kind))

    async def look(self, id: str) -> VideoTold | None:
        """See `Videos.look`."""
        reply = await self._upstream.fetch("GET", _path_of(id))
        return None if reply is None else await self._told(reply)

    async def open(self, id: str, variant: str) -> VideoBytes | None:
        """See `Videos.open`."""
        reply = await self._upstream.fetch("GET", f"{_path_of(id)}/content?variant={quote(variant, safe='')}")
        if reply is None:
            return None
        kind = reply.header(b"content-type")
        if not kind or kind.startswith(_NO_VIDEO):
            reply.close()
            raise self._faults.garbage(f"it answered with {kind or 'nothing'} where it was to send a video")
        return VideoBytes(kind, reply.chunks(VIDEO_BYTES_MAX))

    async def delete(self, id: str) -> bool:
        """See `Videos.delete`."""
        reply = await self._upstream.fetch("DELETE", _path_of(id))
        if reply is not None:
            await reply.read(UPSTREAM_BODY_BYTES_MAX)
        return reply is not None

    async def _told(self, reply: Reply) -> VideoTold:
        try:
            said = _decode_said(await reply.read(UPSTREAM_BODY_BYTES_MAX))
        except UNREADABLE:
            raise self._faults.garbage("what it says of a video cannot be read") from None
        finally:
            reply.close()
        if not (said.id.isprintable() and 0 < len(said.id) <= _ID_CHARACTERS_MAX):
            raise self._faults.garbage("what it calls a video is no name")
        error = said.error or _Error()
        fault = self._faults.repeated(": ".join(filter(None, (error.code, error.message))))
        percent, gone_us = min(100, max(0, int(said.progress or 0))), max(0, said.expires_at or 0) * US_PER_S
        return VideoTold(said.id, said.status, percent, _seconds(said.seconds), gone_us, fault)


def _path_of(id: str) -> str:
    return f"{_PATH}/{quote(id, safe='')}"


def _seconds(said: str | int | None) -> int:
    """0 for what is no number of seconds."""
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
