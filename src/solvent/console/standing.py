"""Where a plan's customers stand against break-even, as a picture that the server draws: a mark for each customer,
or bars where there are too many; whatever the width of the page, for places across are in percent."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from solvent.answering.read_margins import read_margins
from solvent.app.report import Span
from solvent.app.stands import Stands, stands_of
from solvent.console.clerk import Clerk
from solvent.identity import store as identity_store
from solvent.margin.break_even import room
from solvent.margin.stand import BINS, LINE_BIN, Line, Side, Stood
from solvent.margin.store import Folded
from solvent.pages.formats import count
from solvent.pages.visit import Visit
from solvent.values.money import Money
from solvent.values.period import day_number

LATELY_DAYS: Final = 30
LISTED: Final = 10
HIGH_MAX: Final = 16  # marks above each other; with more in one place they are bars
STOPS_MAX: Final = 100  # marks that a keyboard stops at: those who are furthest
_STEP: Final = 9  # pixels from one mark to the next
_BARS: Final = 132  # pixels of the tallest bar
_TOP: Final = 54  # pixels above the marks: who it is, and how many there are on either side


class Mark(msgspec.Struct, frozen=True):
    """One customer, or a bar of many. x, width: percent. y, height: pixels. who: in words."""

    side: Side
    x: float
    y: int
    who: str
    width: float = 0
    height: int = 0
    is_stop: bool = False


async def standing(clerk: Clerk, plan: str) -> dict[str, Any] | None:
    """What the page of a plan shows; None for a plan that asks for nothing."""
    business = clerk.business
    now_us, zone, currency = business.now_us(), business.time_zone, business.currency
    today = day_number(now_us, zone)

    def read(connection: Folded) -> tuple[Stands, dict[str, str]] | None:
        found = stands_of(connection, plan, Span(today - LATELY_DAYS + 1, today), currency, zone)
        if found is None:
            return None
        told = {one.customer for one in found.line.people[: max(STOPS_MAX, HIGH_MAX * BINS)]}
        told |= {one.customer for one in _listed(found.line)}
        return found, identity_store.names_of(connection, sorted(told))

    seen = await read_margins(read, business.database)
    if seen is None:
        return None
    stands, names = seen
    line = stands.line
    return {
        "even": stands.even, "others": stands.others, "given": stands.given, "names": names,
        "room": room(stands.even), "zero": Money(0, currency),
        "sides": {side: line.count(side) for side in ("under", "near", "past")},
        "listed": [(one, *(Money(grains, currency) for grains in _sums(one))) for one in _listed(line)],
        **_drawn(clerk.visit, line, names, currency),
    }  # fmt: skip


def _sums(one: Stood) -> tuple[int, int, int]:
    """What they pay, what they cost, and by how much they are past the line."""
    return one.used.paid_grains, one.used.cost_grains, one.over_grains


def _listed(line: Line) -> list[Stood]:
    """Who is past the line, the most first; where nobody is, who is nearest to it."""
    past = [one for one in line.people if one.side == "past"]
    found = past or [one for one in line.people if one.side == "near"]
    return sorted(found, key=lambda one: (-one.over_grains, one.customer))[:LISTED]


def _drawn(visit: Visit, line: Line, names: dict[str, str], currency: str) -> dict[str, Any]:
    bins = line.bins
    highest = max(bins)
    marks = _bars(visit, line, bins) if highest > HIGH_MAX else _marks(visit, line, names, currency)
    tall = _BARS if highest > HIGH_MAX else max(3, highest) * _STEP
    return {"marks": marks, "base": _TOP + tall, "at": 100 * LINE_BIN / BINS, "are_bars": highest > HIGH_MAX}


def _marks(visit: Visit, line: Line, names: dict[str, str], currency: str) -> list[Mark]:
    tall = max(3, *line.bins) * _STEP
    found, high = list[Mark](), [0] * BINS
    for one in reversed(line.people):  # who is furthest of a place on top
        paid, cost = (visit.money(Money(grains, currency)) for grains in _sums(one)[:2])
        who = visit.words(
            "stand.who", name=names.get(one.customer, one.customer), paid=paid, cost=cost,
            answers=count(one.used.answers), share=_share(one),
        )  # fmt: skip
        found.append(_mark(one.side, one.bin, high, tall, who, is_stop=len(line.people) - len(found) <= STOPS_MAX))
    quiet = visit.words("stand.quiet")
    return found + [_mark("under", 0, high, tall, quiet, is_stop=False) for _ in range(line.quiet)]


def _mark(side: Side, place: int, high: list[int], tall: int, who: str, *, is_stop: bool) -> Mark:
    y = _TOP + tall - high[place] * _STEP - _STEP // 2
    high[place] += 1
    return Mark(side, 100 * (place + 0.5) / BINS, y, who, is_stop=is_stop)


def _bars(visit: Visit, line: Line, bins: list[int]) -> list[Mark]:
    """A bar's side is that of its place; who is near stands in one with others, so it is said in words alone."""
    highest, found = max(bins), list[Mark]()
    for place, people in enumerate(bins):
        if not people:
            continue
        height = max(2, people * _BARS // highest)
        from_, until = place * 100 // LINE_BIN, (place + 1) * 100 // LINE_BIN
        key = "stand.bin_last" if place == BINS - 1 else "stand.bin"
        side: Side = "past" if place >= LINE_BIN else "under"
        who = visit.words(key, n=count(people), low=from_, high=until)
        x = 100 * (place + 0.1) / BINS
        found.append(Mark(side, x, _TOP + _BARS - height, who, 80 / BINS, height, is_stop=True))
    return found


def _share(one: Stood) -> str:
    """Of what there is room for, in percent."""
    return "∞" if one.permille is None else f"{one.permille // 10:,}%"
