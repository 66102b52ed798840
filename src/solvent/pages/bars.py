"""Bars of pictures that the server draws: places in percent, so that any width fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

WIDE: Final = 100.0
AIR: Final = 1.06  # above the highest bar
_THIN: Final = 0.4  # what is hardly anything is seen


class Bar(msgspec.Struct, frozen=True):
    """A rectangle in percent of its picture. is_below: it stands for less than nothing. told: what a pointer reads."""

    at: float
    width: float
    high: float = WIDE
    is_below: bool = False
    told: str = ""


class Bars(msgspec.Struct, frozen=True):
    """Bars of one picture, and where its zero line is; None where zero is not in it."""

    bars: list[Bar]
    zero: float | None


class Binned(Protocol):
    """So many draws leave at least low_grains and less than high_grains."""

    @property
    def low_grains(self) -> int:
        """The lower end."""

    @property
    def high_grains(self) -> int:
        """The upper end."""

    @property
    def draws(self) -> int:
        """How many."""


class Ranged(Protocol):
    """What comes of the two ends of something."""

    @property
    def low_grains(self) -> int:
        """At its low end."""

    @property
    def high_grains(self) -> int:
        """At its high end."""


def from_zero(values: Sequence[int]) -> Bars:
    """A bar for each value, from one zero line."""
    low, high = min(0, *values), max(0, *values)
    whole = (high - low) or 1
    zero = WIDE * -low / whole
    bars = [Bar(zero + WIDE * min(0, value) / whole, WIDE * abs(value) / whole, is_below=value < 0) for value in values]
    return Bars(bars, zero)


def spread(bins: Sequence[Binned], ends: tuple[int, int], most: float, say: Callable[[int], str]) -> Bars:
    """A bar for each bin, on an axis from end to end; those that mostly lie below zero lose. most: draws, of the
    highest bar. say: an amount in words."""
    low, high = ends
    whole = (high - low) or 1
    bars = [
        Bar(
            WIDE * (one.low_grains - low) / whole,
            max(_THIN, 0.9 * WIDE * (one.high_grains - one.low_grains) / whole), WIDE * one.draws / most,
            one.low_grains + one.high_grains < 0, f"{say(one.low_grains)} – {say(one.high_grains)}: {one.draws}",
        )
        for one in bins
    ]  # fmt: skip
    return Bars(bars, WIDE * -low / whole if low < 0 < high else None)


def ranges(of: Sequence[Ranged], usual: int) -> Bars:
    """A bar from end to end for each, beside what is usual, which is the line."""
    ends = [end for one in of for end in (one.low_grains, one.high_grains)] + [usual]
    low, whole = min(ends), (max(ends) - min(ends)) or 1
    bars = [
        Bar(
            WIDE * (min(one.low_grains, one.high_grains) - low) / whole,
            max(_THIN, WIDE * abs(one.high_grains - one.low_grains) / whole),
            is_below=min(one.low_grains, one.high_grains) < 0,
        )
        for one in of
    ]
    return Bars(bars, WIDE * (usual - low) / whole)
