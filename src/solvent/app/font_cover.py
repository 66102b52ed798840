"""Which characters a font has, so that a document shows a box for those it lacks instead of failing.

Source: OpenType specification 1.9.1, "cmap", subtable format 12 (segmented coverage).
"""

from __future__ import annotations

import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

MISSING: Final = "□"
_UNICODE: Final = {(3, 10), (0, 4), (0, 6)}  # platform and encoding of tables that reach beyond 16 bits


@cache
def covered(font: Path) -> frozenset[int]:
    """The code points a font has a glyph for."""
    data = font.read_bytes()
    (tables,) = struct.unpack_from(">H", data, 4)
    for at in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * at)
        if tag == b"cmap":
            return _read_cmap(data, offset)
    raise AssertionError(f"{font} is no OpenType font")


def _read_cmap(data: bytes, start: int) -> frozenset[int]:
    (count,) = struct.unpack_from(">H", data, start + 2)
    points: set[int] = set()
    for at in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, start + 4 + 8 * at)
        table = start + offset
        if (platform, encoding) not in _UNICODE or struct.unpack_from(">H", data, table)[0] != 12:
            continue
        (groups,) = struct.unpack_from(">I", data, table + 12)
        for group in range(groups):
            first, last, _ = struct.unpack_from(">III", data, table + 16 + 12 * group)
            points.update(range(first, last + 1))
    return frozenset(points)


def displayable(text: str, font: Path) -> str:
    """The same text, composed, with a box for each character that the font has not."""
    known = covered(font)
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        character if ord(character) in known else " " if character.isspace() else MISSING for character in composed
    )
