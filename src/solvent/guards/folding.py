"""Reads a text as it is meant: odd widths and forms as usual ones, invisible characters as none.

Each character of what is read knows where it stands in the text itself, so that what is found can be told there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

# Written and not seen: soft hyphen, joiners, marks of direction, variation selectors, the byte order mark, tags.
INVISIBLE: Final = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef"  # noqa: E501
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc"
_AS_HYPHENS: Final = dict.fromkeys(map(ord, _DASHES), "-")
_ODD: Final = re.compile(f"[{INVISIBLE}{_DASHES}]")
# What is one character to the reader: syllables written in letters, marks on what they stand on; else each alone.
_CLUSTER: Final = re.compile(
    f"(?P<unseen>[{INVISIBLE}]+)"
    "|[\u1100-\u115e\ua960-\ua97c][\u1161-\u11a7\ud7b0-\ud7c6]?[\u11a8-\u11ff\ud7cb-\ud7fb]?"
    "|.[\u0300-\u036f\u3099\u309a]*",
    re.DOTALL,
)


class Folded(msgspec.Struct, frozen=True):
    """words: the text as it is read. starts, ends: where in the text each character of it begins and ends."""

    words: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters [start, end) of what is read stand in the text itself."""
        return self.starts[start], self.ends[end - 1]


def fold(words: str, *, casefold: bool = False) -> Folded:
    """The text in its compatible form (NFKC) without invisible characters, hyphens as hyphens."""
    if words.isascii() or (unicodedata.is_normalized("NFKC", words) and not _ODD.search(words)):
        same = words.casefold() if casefold else words
        if len(same) == len(words):
            there = range(len(words) + 1)
            return Folded(same, there, there[1:])
    made, starts, ends = list[str](), list[int](), list[int]()
    for cluster in _CLUSTER.finditer(words):
        if cluster["unseen"] is not None:
            continue
        form = cluster[0] if cluster[0].isascii() else _form(cluster[0])
        if casefold:
            form = form.casefold()
        made.append(form)
        starts += [cluster.start()] * len(form)
        ends += [cluster.end()] * len(form)
    return Folded("".join(made), starts, ends)


def _form(cluster: str) -> str:
    return unicodedata.normalize("NFKC", cluster).translate(_AS_HYPHENS)
