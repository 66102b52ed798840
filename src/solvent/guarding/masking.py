"""Puts [KIND] where something was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from solvent.guards.port import Found


def by_text(found: Iterable[Found], count: int) -> list[list[Found]]:
    """What was found in each of so many texts, by its place."""
    of: list[list[Found]] = [[] for _ in range(count)]
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        of[one.text].append(one)
    return of


def masked(words: str, found: Sequence[Found]) -> str:
    """found: by its place. Where two overlap, one mask covers both."""
    parts, end = list[str](), 0
    for one in found:
        if one.start >= end:
            parts += (words[end : one.start], f"[{one.kind.upper()}]")
        end = max(end, one.end)
    return "".join((*parts, words[end:]))
