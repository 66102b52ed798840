"""AWS's event streams, sans I/O: bytes in as they arrive, whole frames out, each with its headers and payload.

A frame is its length, its headers' length and a checksum of both; then headers, payload, and a checksum of it all.
Source: docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html (read 2026-11).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final
from zlib import crc32

import msgspec

from solvent.values.errors import Unavailable
from solvent.values.limits import UPSTREAM_EVENT_BYTES_MAX

__all__ = ["Frame", "FrameReader"]

_PRELUDE: Final = struct.Struct(">III")
_SUM: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">H")
_STRING: Final = 7
# How many bytes a header's value has by its kind: truth, byte, short, int, long, instant, uuid. The others say it.
_FIXED: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_SAYS_LENGTH: Final = (6, _STRING)


class Frame(msgspec.Struct, frozen=True):
    """One frame. headers: those that are text, such as ":event-type"."""

    headers: dict[str, str]
    payload: bytes


class FrameReader:
    """Reads one stream. frame_bytes_max: the largest frame kept, checksums included."""

    __slots__ = ("_frame_bytes_max", "_held")

    def __init__(self, frame_bytes_max: int = UPSTREAM_EVENT_BYTES_MAX) -> None:
        self._frame_bytes_max = frame_bytes_max
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes, oldest first, and only then what is wrong with the rest.

        Raises: Unavailable upstream_event_too_large, or upstream_garbage for what is no frame; the stream cannot be
        read on after either.
        """
        self._held += data
        while len(self._held) >= _PRELUDE.size:
            total, headers_bytes, prelude_sum = _PRELUDE.unpack_from(self._held)
            if crc32(self._held[: _PRELUDE.size - _SUM.size]) != prelude_sum:
                raise _garbage("the lengths of a frame do not match their checksum")
            if total > self._frame_bytes_max:
                message = f"The upstream sent one frame of more than {self._frame_bytes_max} bytes "
                raise Unavailable("upstream_event_too_large", message + "(UPSTREAM_EVENT_BYTES_MAX).")
            if total < _PRELUDE.size + headers_bytes + _SUM.size:
                raise _garbage("a frame is shorter than its headers")
            if len(self._held) < total:
                break
            whole = bytes(self._held[:total])
            del self._held[:total]
            yield _frame(whole, headers_bytes)


def _frame(whole: bytes, headers_bytes: int) -> Frame:
    (told,) = _SUM.unpack(whole[-_SUM.size :])
    if crc32(whole[: -_SUM.size]) != told:
        raise _garbage("a frame does not match its checksum")
    start = _PRELUDE.size + headers_bytes
    try:
        return Frame(_headers(whole[_PRELUDE.size : start]), whole[start : -_SUM.size])
    except (struct.error, IndexError, KeyError, UnicodeDecodeError):
        raise _garbage("the headers of a frame cannot be read") from None


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        name = data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
        kind, start = data[at], at + 1
        if kind in _SAYS_LENGTH:
            (size,) = _LENGTH.unpack_from(data, start)
            start += _LENGTH.size
        else:
            size = _FIXED[kind]
        at = start + size
        if at > len(data):
            raise IndexError
        if kind == _STRING:
            found[name.decode()] = data[start:at].decode()
    return found


def _garbage(what: str) -> Unavailable:
    return Unavailable("upstream_garbage", f"the upstream's stream cannot be understood: {what}")
