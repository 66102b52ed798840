"""A recording is never longer than its bound, and of WAV both bounds are its length."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.gateway.recording import Length, length_of


def wav(sound: int, rate: int = 16_000, kind: int = 1, said: int | None = None, before: bytes = b"") -> bytes:
    """So many bytes of one channel of 16 bits."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, 1, rate, rate * 2, 2, 16)
    data = struct.pack("<4sI", b"data", sound if said is None else said) + b"\0" * sound
    return struct.pack("<4sI4s", b"RIFF", 36 + sound, b"WAVE") + before + form + data


@given(st.integers(0, 100_000), st.integers(1, 200_000))
def test_wav_is_as_long_as_its_samples(sound: int, rate: int) -> None:
    found = length_of(wav(sound, rate))
    assert found.least <= sound * 500 / rate <= found.most
    assert found.most - found.least <= 1


@given(st.binary(max_size=500))
def test_nothing_is_longer_than_its_bytes_can_be(recording: bytes) -> None:
    found = length_of(recording)
    assert 0 <= found.least <= found.most


@given(st.binary(max_size=60), st.integers(0, 60))
def test_a_broken_head_bounds_nothing_away(noise: bytes, at: int) -> None:
    broken = bytearray(wav(1_000))
    broken[at : at + len(noise)] = noise
    found = length_of(bytes(broken))
    assert 0 <= found.least <= found.most


@pytest.mark.parametrize(
    ("recording", "length"),
    [
        (b"", Length(0, 0)),
        (b"x" * 1_000, Length(0, 2_000)),
        (wav(32_000), Length(1_000, 1_000)),
        (wav(32_000, before=b"LIST\x03\0\0\0abc\0"), Length(1_000, 1_000)),
        (wav(32_000, said=16_000), Length(500, 1_000)),  # who says less than there is may be believed by nobody
        (wav(32_000, said=64_000), Length(1_000, 1_000)),
        (wav(32_000, said=0), Length(1_000, 1_000)),
        (wav(32_000, said=0xFFFFFFFF), Length(1_000, 1_000)),
        (wav(956, kind=2), Length(0, 2_000)),  # of what is packed nobody knows
        (wav(956, rate=0), Length(0, 2_000)),
    ],
)
def test_worked_examples(recording: bytes, length: Length) -> None:
    assert length_of(recording) == length
