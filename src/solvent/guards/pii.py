"""Finds personal data of Korea and elsewhere: numbers of residents and foreigners, cards, phones, e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.guards.folding import fold
from solvent.guards.options import read_options
from solvent.guards.personal import FINDERS, Finder
from solvent.guards.port import Found, Sees, Settings, Text
from solvent.values.errors import Invalid

REACH: Final = 320  # characters of the longest e-mail address
# What no number or address goes over: white space, and the letters of Korea, China and Japan.
_BREAK: Final = re.compile(
    "[\\s\u1100-\u115e\u1161-\u11ff\u3040-\u30fb\u3131-\u3163\u3165-\u318e\u3400-\u9fff\uac00-\ud7af]"
)
_SPACES: Final = " \u00a0\u2002\u2003\u2007\u2009\u202f\u3000"
_SPACES_MAX: Final = 3  # between two groups of digits of one number
_JOINS: Final = ")+-."  # what stands beside such spaces, if no digit


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: tuple[str, ...] = tuple(FINDERS)


class Pii:
    """See `Guard`."""

    sees: Sees = "stretches"

    def __init__(self, finders: dict[str, Finder]) -> None:
        self._finders = finders

    async def find(self, texts: Sequence[Text]) -> Sequence[Found]:
        """See `Guard.find`."""
        return [found for n, text in enumerate(texts) for found in self.look(n, text.words)]

    def look(self, n: int, words: str) -> list[Found]:
        """What is in one text, the n-th. Where one thing lies in another, the longer one."""
        folded = fold(words)
        found = [
            Found(n, *folded.span(start, end), kind)
            for kind, finder in self._finders.items()
            for start, end in finder(folded.words)
        ]
        return _outermost(found)

    def unsure(self, words: str) -> int:
        """See `Guard.unsure`. The last word, and before it the digits of a number that it may go on from."""
        tail = words[-REACH:]
        start = _word_start(tail)
        while start == len(tail) or _is_of_number(tail[start]):
            before = tail[:start].rstrip(_SPACES)
            if not 0 < start - len(before) <= _SPACES_MAX or not before or not _is_of_number(before[-1]):
                break
            start = _word_start(before)
        return len(tail) - start

    async def close(self) -> None:
        """See `Guard.close`."""


def _word_start(words: str) -> int:
    """Where the word at the end begins."""
    start = len(words)
    while start and not _BREAK.match(words[start - 1]):
        start -= 1
    return start


def _is_of_number(character: str) -> bool:
    return character.isdigit() or character in _JOINS or character == "("


def _outermost(found: list[Found]) -> list[Found]:
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Found] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def open_guard(settings: Settings) -> Pii:
    """See `OpenGuard`. Option: kinds, a list of those of FINDERS to look for; all when left out."""
    options = read_options(settings, _Options)
    unknown = [kind for kind in options.kinds if kind not in FINDERS]
    if unknown or not options.kinds:
        message = f"kinds: {', '.join(unknown) or 'none'}: there are {', '.join(FINDERS)}"
        raise Invalid("bad_config", message, param="options")
    return Pii({kind: FINDERS[kind] for kind in options.kinds})
