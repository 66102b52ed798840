"""How long a recording can be: of WAV its own head says so, of anything else its bytes bound it."""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from solvent.values.limits import RECORDING_BYTES_A_SECOND_MIN

_MS: Final = 1_000
_SAMPLES: Final = frozenset({1, 3, 0xFFFE})  # whole numbers, floats, or either with more words about them
_UNSAID: Final = frozenset({0, 0xFFFFFFFF})  # the length of what was written as it came


class Length(msgspec.Struct, frozen=True):
    """In milliseconds. least: 0 where nobody can say."""

    least: int
    most: int


def length_of(recording: bytes) -> Length:
    """Bounds of how long a recording lasts."""
    rate, start, said = _wav(recording)
    if not rate:
        return Length(0, -(-len(recording) * _MS // RECORDING_BYTES_A_SECOND_MIN))
    there = len(recording) - start
    least = there if said in _UNSAID else min(there, said)
    return Length(least * _MS // rate, -(-there * _MS // rate))


def _wav(recording: bytes) -> tuple[int, int, int]:
    """Bytes a second, where the sound begins, and how long it says it is. (0, 0, 0) where it is no plain WAV."""
    if recording[:4] != b"RIFF" or recording[8:12] != b"WAVE":
        return 0, 0, 0
    at, rate = 12, 0
    while at + 8 <= len(recording):
        name, size = struct.unpack_from("<4sI", recording, at)
        at += 8
        if name == b"fmt " and size >= 16 and at + 16 <= len(recording):
            kind, channels, samples, _, _, bits = struct.unpack_from("<HHIIHH", recording, at)
            rate = samples * channels * bits // 8 if kind in _SAMPLES else 0
        elif name == b"data":
            return (rate, at, size) if rate else (0, 0, 0)
        at += size + size % 2
    return 0, 0, 0
