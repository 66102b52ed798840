"""Frames come out as they went in, whatever they are cut into; what is no frame is refused as such."""

from __future__ import annotations

import struct
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.framed import framed

from solvent.values.errors import Unavailable
from solvent.wire.frames import Frame, FrameReader

NAMES = st.text(min_size=1, max_size=20)
FRAMES = st.lists(st.tuples(st.dictionaries(NAMES, st.text(max_size=20), max_size=3), st.binary(max_size=50)))


@given(FRAMES, st.integers(1, 40))
def test_frames_come_out_as_they_went_in(frames: list[tuple[dict[str, str], bytes]], step: int) -> None:
    sent = b"".join(framed(payload, headers) for headers, payload in frames)
    reader = FrameReader()
    found = [frame for at in range(0, len(sent), step) for frame in reader.feed(sent[at : at + step])]
    assert found == [Frame(headers, payload) for headers, payload in frames]


def test_headers_of_other_kinds_are_passed_over() -> None:
    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    others = b"".join(b"\x01x" + bytes([kind]) + bytes(size) for kind, size in sizes.items())
    others += b"\x01y\x06\x00\x03abc"
    (frame,) = FrameReader().feed(framed(b"{}", {":event-type": "chunk"}, others))
    assert frame == Frame({":event-type": "chunk"}, b"{}")


@given(st.integers(0, 39), st.integers(1, 255))
def test_a_bit_that_falls_over_is_noticed(at: int, flip: int) -> None:
    sent = bytearray(framed(b'{"a":1}', {":event-type": "x"}))
    sent[at % len(sent)] ^= flip
    with pytest.raises(Unavailable) as caught:
        list(FrameReader().feed(bytes(sent)))
    assert caught.value.code in ("upstream_garbage", "upstream_event_too_large")


def _cut(headers: bytes, *, total: int | None = None) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) if total is None else total, len(headers))
    whole = prelude + struct.pack(">I", crc32(prelude)) + headers
    return whole + struct.pack(">I", crc32(whole))


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05ab",
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x07",
        b"\x01a\x07\x00\x09ab",
        b"\x01a\x05\x00",
        b"\x01\xff\x07\x00\x00",
    ],
)
def test_headers_that_are_none_are_refused(headers: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        list(FrameReader().feed(_cut(headers)))
    assert caught.value.code == "upstream_garbage"


def test_lengths_have_bounds() -> None:
    with pytest.raises(Unavailable) as caught:
        list(FrameReader().feed(_cut(b"\x01a\x00", total=15)))
    assert caught.value.code == "upstream_garbage"
    with pytest.raises(Unavailable) as caught:
        list(FrameReader(frame_bytes_max=30).feed(framed(b"x" * 30, {})))
    assert caught.value.code == "upstream_event_too_large"


def test_what_came_whole_is_told_before_what_is_wrong() -> None:
    frames = FrameReader().feed(framed(b"1", {}) + b"no frame at all")
    assert next(frames).payload == b"1"
    with pytest.raises(Unavailable):
        next(frames)
