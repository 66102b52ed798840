"""Where a plan's customers stand: what each cost in their period, against what they pay for it leaves for answers.

The line is break-even, each customer's own: who pays for more seats, or from a wallet, has further to go. It stands in
the middle of as many bins as a phone has room for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

BINS: Final = 40
LINE_BIN: Final = 20  # the first bin beyond the line; the last bin has all that are beyond its end too
_LINE_PERMILLE: Final = 1000

Side = Literal["under", "near", "past"]


class Used(msgspec.Struct, frozen=True):
    """What a customer came to in their period. paid_grains: what they pay for it, net. room_grains: what of that is
    left for answers until break-even; at most nothing where it does not cover what all share."""

    customer: str
    answers: int
    cost_grains: int
    paid_grains: int
    room_grains: int


class Stood(msgspec.Struct, frozen=True):
    """One customer. permille: of what there is room for; None where there is none. bin: where on the line."""

    used: Used
    permille: int | None
    side: Side
    bin: int

    @property
    def customer(self) -> str:
        """Who."""
        return self.used.customer

    @property
    def over_grains(self) -> int:
        """By how much they are past the line, or below zero before it."""
        return self.used.cost_grains - max(0, self.used.room_grains)


class Line(msgspec.Struct, frozen=True):
    """people: who used anything, who is furthest along first. quiet: how many on the plan did not."""

    people: list[Stood]
    quiet: int

    def count(self, side: Side) -> int:
        """How many stand there."""
        return sum(one.side == side for one in self.people) + (self.quiet if side == "under" else 0)

    @property
    def bins(self) -> list[int]:
        """How many stand in each bin."""
        found = [0] * BINS
        for one in self.people:
            found[one.bin] += 1
        found[0] += self.quiet
        return found


def line_up(used: Iterable[Used], quiet: int, near_permille: int) -> Line:
    """near_permille: from which part of the room on somebody is near; 0 for never."""
    found = [_stood(one, near_permille) for one in used]
    return Line(sorted(found, key=lambda one: (-one.bin, -one.over_grains, one.customer)), quiet)


def _stood(used: Used, near_permille: int) -> Stood:
    cost, room = used.cost_grains, used.room_grains
    permille = cost * _LINE_PERMILLE // room if room > 0 else None
    is_past = cost > max(0, room)
    is_near = permille is not None and 0 < near_permille <= permille
    side: Side = "past" if is_past else "near" if is_near else "under"
    if permille is None:
        place = BINS - 1 if is_past else 0
    else:
        place = max(0, permille * LINE_BIN // _LINE_PERMILLE)
        place = min(place, BINS - 1) if is_past else min(place, LINE_BIN - 1)
    return Stood(used, permille, side, place)
