"""The days at whose end customers' totals are kept, so that any span of days is the difference of two of them.

Every day at first; in the long run four a month, the last of each month among them: other spans are then a few days
more or less than two totals.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import msgspec

NOTHING: Final = -1  # in place of a day: before the first answer
SINGLY_DAYS_MAX: Final = 3  # so few days are added up from their roll-ups
EVERY_DAY_DAYS: Final = 92  # how long the totals of every day are kept
LASTING: Final = (1, 8, 15, 22)  # days of the month whose eve is kept for good
_EPOCH: Final = date(1970, 1, 1)


class Days(msgspec.Struct, frozen=True):
    """Roll-ups of the days [first, last], to be added (sign 1) or taken away (sign -1)."""

    sign: int
    first: int
    last: int


class Kept(msgspec.Struct, frozen=True):
    """Totals kept through a day, an edge, to be added or taken away."""

    sign: int
    through: int


def outlived(before: int, edge: int) -> list[int]:
    """Whose totals are kept no longer when those of `edge` are, and `before` was the last edge until then."""
    days = range(max(0, before - EVERY_DAY_DAYS), max(0, edge - EVERY_DAY_DAYS))
    return [day for day in days if (_EPOCH + timedelta(days=day + 1)).day not in LASTING]


def span(from_day: int, until_day: int, edges: Iterable[int], first: int, latest: int) -> list[Kept | Days]:
    """What adds up to the days [from_day, until_day]: two totals and the days between them and the span, or its days.

    edges: those that totals are kept at; the nearest to either end of the span are enough. first, latest: the days of
    the first and the last answers.
    """
    from_day, until_day = max(from_day, first), min(until_day, latest)
    if from_day > until_day:
        return []
    ends = [
        min((NOTHING, *edges), key=lambda edge: (abs(day - (first - 1 if edge == NOTHING else edge)), edge))
        for day in (until_day, from_day - 1)
    ]
    if ends[0] == ends[1] or until_day - from_day < SINGLY_DAYS_MAX:
        return [Days(1, from_day, until_day)]
    parts: list[Kept | Days] = []
    for sign, day, edge in zip((1, -1), (until_day, from_day - 1), ends, strict=True):
        if edge != NOTHING:
            parts.append(Kept(sign, edge))
        after = first - 1 if edge == NOTHING else edge
        if after < day:
            parts.append(Days(sign, after + 1, day))
        elif after > day:
            parts.append(Days(-sign, day + 1, after))
    return parts
