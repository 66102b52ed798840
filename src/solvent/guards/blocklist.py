"""Finds words and patterns that the operator lists, however they are spelled: wide, invisible, in letters of syllables.

Patterns are RE2's, so that none takes longer than in proportion to the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import re2

from solvent.guards.folding import fold
from solvent.guards.options import read_options
from solvent.guards.port import Found, Sees, Settings, Text
from solvent.values.errors import Invalid
from solvent.values.limits import GUARD_PATTERN_CHARACTERS_MAX, GUARD_WORDS_MAX

REACH: Final = 200  # characters of the longest thing that is found in a stream
# What follows a Korean word without making another one of it. Source: particles as the National Institute of Korean
# Language lists them, and the commonest forms of the copula (read 2026-11).
_PARTICLES: Final = (
    "께서는", "에게서", "이라도", "으로서", "으로써", "입니다", "이에요", "이라는", "이라고", "한테서", "이에서",
    "에게", "에서", "께서", "한테", "으로", "로서", "로써", "이랑", "하고", "까지", "부터", "마저", "조차", "밖에",
    "처럼", "보다", "같이", "마다", "이나", "라도", "이든", "이며", "이야", "이여", "예요", "라는", "라고", "인데",
    "이다", "대로", "만큼", "이", "가", "은", "는", "을", "를", "의", "에", "께", "로", "와", "과", "랑", "도", "만",
    "나", "든", "며", "야", "아", "여", "들", "님", "씨", "인", "요", "다",
)  # fmt: skip
_PARTICLES_MAX: Final = 3  # one after another, as in 에게까지는
_ANY: Final = "*"


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class Blocklist:
    """See `Guard`. words: as they are folded, with whether a word may begin, and end, in another one."""

    sees: Sees = "stretches"

    def __init__(self, words: dict[str, tuple[bool, bool]], patterns: Sequence[Any]) -> None:
        self._words = words
        self._patterns = patterns
        longest_first = sorted(words, key=len, reverse=True)
        self._any_word = _compiled("|".join(map(re2.escape, longest_first))) if words else None
        self._breaks = max((word.count(" ") for word in words), default=0) + 1

    async def find(self, texts: Sequence[Text]) -> Sequence[Found]:
        """See `Guard.find`."""
        return [found for n, text in enumerate(texts) for found in self._in(n, text.words)]

    def unsure(self, words: str) -> int:
        """See `Guard.unsure`. As many words as the longest that is listed has, or all that a pattern may reach over."""
        if self._patterns:
            return min(REACH, len(words))
        tail = words[-REACH:]
        parts = tail.rsplit(None, self._breaks)
        return len(tail) - (len(parts[0]) if len(parts) > self._breaks else 0)

    async def close(self) -> None:
        """See `Guard.close`."""

    def _in(self, n: int, words: str) -> Iterator[Found]:
        folded = fold(words, casefold=True)
        if self._any_word is not None:
            for match in self._any_word.finditer(folded.words):
                may_begin, may_end = self._words[match[0]]
                end = match.end() if may_end else _word_end(folded.words, match.end())
                if end and (may_begin or _is_start(folded.words, match.start())):
                    yield Found(n, *folded.span(match.start(), match.end()), "word")
        for pattern in self._patterns:
            for match in pattern.finditer(folded.words):
                if match.end() > match.start():
                    yield Found(n, *folded.span(match.start(), match.end()), "pattern")


def _is_start(words: str, at: int) -> bool:
    return at == 0 or not words[at - 1].isalnum()


def _word_end(words: str, at: int) -> int:
    """Where a word ends that ends at `at`, but for particles; 0 where it goes on as another word."""
    end = at
    for _ in range(_PARTICLES_MAX + 1):
        if end == len(words) or not words[end].isalnum():
            return end
        particle = next((one for one in _PARTICLES if words.startswith(one, end)), "")
        if not particle:
            return 0
        end += len(particle)
    return 0


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options)


def open_guard(settings: Settings) -> Blocklist:
    """See `OpenGuard`. Options: words, each whole unless "*" stands at its end or start, and patterns for RE2."""
    options = read_options(settings, _Options)
    if not options.words and not options.patterns:
        raise Invalid("bad_config", "options: a blocklist needs words or patterns", param="options")
    if len(options.words) + len(options.patterns) > GUARD_WORDS_MAX:
        raise Invalid("bad_config", f"options: at most {GUARD_WORDS_MAX:,} words and patterns", param="options")
    return Blocklist(dict(map(_word, options.words)), [_pattern(one) for one in options.patterns])


def _word(listed: str) -> tuple[str, tuple[bool, bool]]:
    word = " ".join(fold(listed.strip(_ANY), casefold=True).words.split())
    if not word or len(word) > REACH:
        raise Invalid(
            "bad_config", f"options: a word has 1 to {REACH} characters, not {listed[:40]!r}", param="options"
        )
    return word, (listed.startswith(_ANY), listed.endswith(_ANY))


def _pattern(listed: str) -> Any:
    if len(listed) > GUARD_PATTERN_CHARACTERS_MAX:
        message = f"options: a pattern has at most {GUARD_PATTERN_CHARACTERS_MAX} characters: {listed[:40]!r}..."
        raise Invalid("bad_config", message, param="options")
    try:
        made = _compiled(listed)
    except re2.error as wrong:
        words = wrong.args[0].decode() if isinstance(wrong.args[0], bytes) else str(wrong)
        raise Invalid("bad_config", f"options: pattern {listed[:40]!r}: {words}", param="options") from None
    if made.search("") is not None:
        raise Invalid(
            "bad_config", f"options: pattern {listed[:40]!r} finds nothing at all everywhere", param="options"
        )
    return made
