"""What every guard must keep to, as checks that the author of a plug-in runs too.

Supply a `Stage`: your guard, and texts of which you know what is in them. Then run every check:
`for check in CHECKS: await check(stage)`; one that fails raises AssertionError and says what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from solvent.guards.port import Found, Guard, Text

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


class Stage(Protocol):
    """One guard and texts for it. guilty: each with something in it. clean: with nothing; some in Korean, please."""

    @property
    def guard(self) -> Guard:
        """The guard under test."""
        ...

    @property
    def guilty(self) -> Sequence[str]:
        """Texts in which it finds something."""
        ...

    @property
    def clean(self) -> Sequence[str]:
        """Texts in which it finds nothing."""
        ...


Check = Callable[[Stage], Awaitable[None]]


async def finds_what_is_there(stage: Stage) -> None:
    """In every guilty text something, in a clean one nothing, in no text nothing."""
    for words in stage.guilty:
        assert await _found(stage, words), f"nothing was found in {words!r}"
    for words in (*stage.clean, ""):
        found = await _found(stage, words)
        assert not found, f"{found} was found in {words!r}, which is clean"
    assert not await stage.guard.find([]), "something was found in no text at all"


async def says_where_and_what(stage: Stage) -> None:
    """Each find lies in its text, and its kind is a name that repeats nothing of it."""
    texts = [Text(words) for words in (*stage.clean, *stage.guilty)]
    for one in await stage.guard.find(texts):
        words = texts[one.text].words
        assert 0 <= one.start < one.end <= len(words), f"{one} does not lie in {words!r}"
        assert _KIND.match(one.kind), f"a kind is a short name, not {one.kind!r}"
    places = {one.text for one in await stage.guard.find(texts)}
    assert places == set(range(len(stage.clean), len(texts))), "finds name the text they are in"


async def judges_alike(stage: Stage) -> None:
    """The same texts have the same in them, whenever and beside whatever they are looked at."""
    texts = [Text(words) for words in stage.guilty]
    together = await stage.guard.find(texts)
    again = await stage.guard.find(texts)
    key = _place
    assert sorted(together, key=key) == sorted(again, key=key), "the same texts were judged in two ways"
    for n, words in enumerate(stage.guilty):
        alone = [(one.start, one.end) for one in await _found(stage, words)]
        beside = [(one.start, one.end) for one in together if one.text == n]
        assert sorted(alone) == sorted(beside), f"{words!r} was judged otherwise beside other texts"


async def leaves_its_own_masks_alone(stage: Stage) -> None:
    """What it found and was masked is not found again."""
    if stage.guard.sees == "whole":
        return
    for words in stage.guilty:
        masked, end = "", 0
        for one in sorted(await _found(stage, words), key=_place):
            masked += words[end : one.start] + f"[{one.kind.upper()}]" if one.start >= end else ""
            end = max(end, one.end)
        masked += words[end:]
        assert not await _found(stage, masked), f"something was found in {masked!r}, which is masked"


async def is_sure_of_the_rest(stage: Stage) -> None:
    """However a text comes in pieces: what it is no longer unsure of holds no part of anything that it finds."""
    if stage.guard.sees == "whole":
        return
    for words in stage.guilty:
        for one in await _found(stage, words):
            for seen in range(one.start + 1, one.end):
                unsure = stage.guard.unsure(words[:seen])
                assert 0 <= unsure <= seen, f"{unsure} of {seen} characters cannot be unsure"
                assert seen - unsure <= one.start, f"{words[one.start : seen]!r} of {words!r} would have been told"


async def closes_twice(stage: Stage) -> None:
    """The last check: a second `close` does nothing."""
    await stage.guard.close()
    await stage.guard.close()


CHECKS: tuple[Check, ...] = (
    finds_what_is_there,
    says_where_and_what,
    judges_alike,
    leaves_its_own_masks_alone,
    is_sure_of_the_rest,
    closes_twice,
)


async def _found(stage: Stage, words: str) -> Sequence[Found]:
    return await stage.guard.find([Text(words)])


def _place(one: Found) -> tuple[int, int, int, str]:
    return one.text, one.start, one.end, one.kind
