"""The days at whose end customers' totals are kept, so that any span of days is the difference of two of them.

Four a month, the last of each month among them: whole months need nothing else, other spans a few days' roll-ups.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

BEGINNINGS: Final = (1, 8, 15, 22)  # days of the month that begin after an edge
LATEST: Final = 2**31  # in place of a day: the totals that go on
_EPOCH: Final = date(1970, 1, 1)


class Days(msgspec.Struct, frozen=True):
    """Roll-ups of the days [first, last], to be added (sign 1) or taken away (sign -1)."""

    sign: int
    first: int
    last: int


class Kept(msgspec.Struct, frozen=True):
    """Totals kept through a day, to be added or taken away. through: an edge, or LATEST."""

    sign: int
    through: int


def edge_before(day: int) -> int:
    """The last edge before a day. Days are numbers since 1970-01-01."""
    at = _EPOCH + timedelta(days=day)
    begins = max(first for first in BEGINNINGS if first <= at.day)
    return day - at.day + begins - 1


def up_to(day: int, edges: Sequence[int], first: int, latest: int) -> list[Kept | Days]:
    """What adds up to all that there is through `day`: the nearest totals, and the days between.

    edges: the totals kept nearest to `day` on either side, without LATEST. first, latest: the days of the first and
    the last answers; edges lie between.
    """
    if day >= latest:
        return [Kept(1, LATEST)]
    if day < first:
        return []
    through = {edge: edge for edge in edges} | {first - 1: first - 1, latest: LATEST}
    nearest = min(through, key=lambda edge: (abs(day - edge), edge))
    kept: list[Kept | Days] = [Kept(1, through[nearest])] if nearest >= first else []
    if nearest < day:
        kept.append(Days(1, nearest + 1, day))
    elif nearest > day:
        kept.append(Days(-1, day + 1, nearest))
    return kept


def between(until: Sequence[Kept | Days], before: Sequence[Kept | Days]) -> list[Kept | Days]:
    """What adds up to a span: all until its end, less all before it."""
    less = [msgspec.structs.replace(part, sign=-part.sign) for part in before]
    opposite = {(part.sign, part.through) for part in less if isinstance(part, Kept)}
    alike = {part.through for part in until if isinstance(part, Kept) and (-part.sign, part.through) in opposite}
    return [part for part in (*until, *less) if not (isinstance(part, Kept) and part.through in alike)]
