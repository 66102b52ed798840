"""Taking overlapping counts apart: cached inside read, sound inside read, thoughts inside written.

Every dialect ends here, so that what cannot be is refused in one place and no token is ever in two buckets.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX, WEB_SEARCHES_MAX
from solvent.values.usage import Usage, amounts

REPORT_CHARACTERS_SHOWN: Final = 300
# One count in a report: a decoder refuses anything else by the name of its field.
Count = Annotated[int, msgspec.Meta(ge=0, le=TOKENS_MAX)]


class Read(msgspec.Struct, frozen=True):
    """What a model read. total: all of it, cached or not, of any kind; the others are parts of it that may overlap.

    cached: read from a cache, of any kind; cached_audio, cached_image: how much of that, None where nobody says.
    written_5m, written_1h: written to a cache.
    """

    total: int
    cached: int = 0
    written_5m: int = 0
    written_1h: int = 0
    audio: int = 0
    image: int = 0
    cached_audio: int | None = None
    cached_image: int | None = None


class Written(msgspec.Struct, frozen=True):
    """What a model wrote. total: all of it; the others are parts of it that do not overlap."""

    total: int
    reasoning: int = 0
    audio: int = 0
    image: int = 0


def usage_of(read: Read, written: Written, web_searches: int = 0) -> Usage:
    """The usage in disjoint buckets. Raises Invalid("bad_usage") where the parts do not fit the whole."""
    has_kinds = read.audio or read.image or read.cached_audio or read.cached_image
    cached_audio, cached_image = _kinds_of_cached(read) if has_kinds else (0, 0)
    cached_text = read.cached - cached_audio - cached_image
    audio, image = read.audio - cached_audio, read.image - cached_image
    usage = Usage(
        read.total - read.cached - read.written_5m - read.written_1h - audio - image,
        cached_text,
        read.written_5m,
        read.written_1h,
        written.total - written.reasoning - written.audio - written.image,
        written.reasoning,
        audio,
        cached_audio,
        image,
        cached_image,
        written.audio,
        written.image,
        web_searches,
    )
    if min(amounts(usage)) < 0 or max(read.total, written.total) > TOKENS_MAX or web_searches > WEB_SEARCHES_MAX:
        searched = f" and {web_searches} web searches" if web_searches else ""
        raise Invalid("bad_usage", f"the upstream reports {_said(read)}, {_said(written)}{searched}, which cannot be")
    return usage


def _kinds_of_cached(read: Read) -> tuple[int, int]:
    """How much of what was cached is sound, and how much pictures.

    Where nobody says, it is text as far as there is text: then what is dearer counts in full.
    """
    if read.cached_audio is not None or read.cached_image is not None:
        return read.cached_audio or 0, read.cached_image or 0
    text = max(0, read.total - read.audio - read.image - read.written_5m - read.written_1h)
    left = max(0, read.cached - text)
    image = min(left, read.image)
    return left - image, image


def _said(part: Read | Written) -> str:
    side = "read" if isinstance(part, Read) else "written"
    parts = [f"{name} {count}" for name in part.__struct_fields__[1:] if (count := getattr(part, name))]
    among = f" (among them {', '.join(parts)})" if parts else ""
    return f"{part.total} tokens {side}{among}"


def unreadable(what: str, wrong: Exception | str, report: bytes | msgspec.Raw) -> Invalid:
    """The error for a report that is not even of the right form: which field, and what stood there."""
    said = bytes(report)[:REPORT_CHARACTERS_SHOWN].decode("utf-8", "replace")
    return Invalid("bad_usage", f"the upstream's {what} is not readable: {wrong} in {said}")
