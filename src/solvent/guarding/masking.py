"""Puts [KIND] where something was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from solvent.guards.port import Found

# Finds in one text, by their place; and how much of its end may yet be part of something, were the text longer.
Find = Callable[[str], Sequence[Found]]
Unsure = Callable[[str], int]


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


def masked_start(words: str, most: int, find: Find, unsure: Unsure) -> str:
    """Up to `most` characters of a text, with what is found in them masked.

    Nothing is cut in two: what the cut goes through, or might go through, is left out whole.
    """
    start = words[:most]
    found, cut = find(start), len(start)
    if len(words) > most:
        cut -= unsure(start)
        cut = min([cut, *(one.start for one in found if one.start < cut < one.end)])
    return masked(start[:cut], [one for one in found if one.end <= cut])
