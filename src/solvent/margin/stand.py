"""Where a plan's customers stand: what each cost this month, against what the plan leaves for one customer's answers.

The line is break-even. It stands in the middle of as many bins as a phone has room for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

BINS: Final = 40
LINE_BIN: Final = 20  # the first bin beyond the line; the last bin has all that are beyond its end too
_LINE_PERMILLE: Final = 1000

Side = Literal["under", "near", "past"]


class Stood(msgspec.Struct, frozen=True):
    """One customer. permille: of what there is room for; None where there is none. bin: where on the line."""

    customer: str
    answers: int
    cost_grains: int
    permille: int | None
    side: Side
    bin: int


class Line(msgspec.Struct, frozen=True):
    """people: who used anything, the costliest first. quiet: how many on the plan did not. room_grains: what one
    customer's answers may cost until break-even; at most nothing where the fee does not cover what is shared."""

    people: list[Stood]
    quiet: int
    room_grains: int

    def count(self, side: Side) -> int:
        """How many stand there."""
        return sum(one.side == side for one in self.people) + (self.quiet if side == "under" else 0)

    def over(self, one: Stood) -> int:
        """By how many grains somebody is past the line, or below zero before it."""
        return one.cost_grains - max(0, self.room_grains)

    @property
    def bins(self) -> list[int]:
        """How many stand in each bin."""
        found = [0] * BINS
        for one in self.people:
            found[one.bin] += 1
        found[0] += self.quiet
        return found


def line_up(used: Iterable[tuple[str, int, int]], quiet: int, room_grains: int, near_permille: int) -> Line:
    """used: customer, answers and cost in grains. near_permille: from which part of the room on somebody is near; 0
    for never."""
    found = [_stood(*one, room_grains, near_permille) for one in used]
    return Line(sorted(found, key=lambda one: (-one.cost_grains, one.customer)), quiet, room_grains)


def _stood(customer: str, answers: int, cost_grains: int, room_grains: int, near_permille: int) -> Stood:
    permille = cost_grains * _LINE_PERMILLE // room_grains if room_grains > 0 else None
    is_past = cost_grains > max(0, room_grains)
    is_near = permille is not None and 0 < near_permille <= permille
    side: Side = "past" if is_past else "near" if is_near else "under"
    if permille is None:
        place = BINS - 1 if is_past else 0
    else:
        place = max(0, permille * LINE_BIN // _LINE_PERMILLE)
        place = min(place, BINS - 1) if is_past else min(place, LINE_BIN - 1)
    return Stood(customer, answers, cost_grains, permille, side, place)
