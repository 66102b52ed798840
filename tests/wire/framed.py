"""Writes frames of AWS's event streams, for whoever plays AWS in a test."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32


def framed(payload: bytes, headers: Mapping[str, str], more: bytes = b"") -> bytes:
    """One frame. more: headers of other kinds, as bytes."""
    lines = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items()) + more
    prelude = struct.pack(">II", 16 + len(lines) + len(payload), len(lines))
    whole = prelude + struct.pack(">I", crc32(prelude)) + lines + payload
    return whole + struct.pack(">I", crc32(whole))


def _header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + b"\x07" + struct.pack(">H", len(value)) + value
