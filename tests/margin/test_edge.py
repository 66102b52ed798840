"""Edges: whatever totals are kept, the parts of a span add up to its days, each once, and few days are read singly."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.margin.edge import EVERY_DAY_DAYS, LASTING, SINGLY_DAYS_MAX, Days, Kept, outlived, span

DAYS = st.integers(0, 60_000)


def day_of(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


def counted(parts: list[Kept | Days], first: int, latest: int) -> dict[int, int]:
    """How often the parts count each day that has answers."""
    times = dict.fromkeys(range(first, latest + 1), 0)
    for part in parts:
        days = (
            range(first, min(part.through, latest) + 1) if isinstance(part, Kept) else range(part.first, part.last + 1)
        )
        for day in days:
            times[day] += part.sign
    return times


@given(st.lists(st.integers(0, 500), min_size=2, max_size=60, unique=True))
@settings(deadline=None)
def test_every_day_is_kept_for_a_while_and_then_four_a_month(days: list[int]) -> None:
    kept: set[int] = set()
    last = -1
    for edge in sorted(days):
        kept.add(edge)
        kept -= set(outlived(last, edge)) if last >= 0 else set()
        last = edge
    for edge in days:
        lasts = (date(1970, 1, 1) + timedelta(days=edge + 1)).day in LASTING
        assert (edge in kept) == (lasts or edge >= last - EVERY_DAY_DAYS)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int, list[int], int, int]:
    first, length = draw(st.integers(0, 300)), draw(st.integers(0, 120))
    latest = first + length
    edges = sorted(draw(st.sets(st.integers(first, max(first, latest - 1)), max_size=8))) if length else []
    from_day = draw(st.integers(first - 10, latest + 10))
    return first, latest, edges, from_day, draw(st.integers(from_day - 2, latest + 20))


def near(edges: list[int], day: int) -> list[int]:
    return [edge for edge in edges if edge <= day][-1:] + [edge for edge in edges if edge >= day][:1]


@given(spans())
@settings(deadline=None)
def test_the_parts_of_a_span_count_its_days_once_and_no_other(drawn: tuple[int, int, list[int], int, int]) -> None:
    first, latest, edges, from_day, until_day = drawn
    parts = span(from_day, until_day, edges, first, latest)
    assert counted(parts, first, latest) == {d: int(from_day <= d <= until_day) for d in range(first, latest + 1)}
    kept = [part for part in parts if isinstance(part, Kept)]
    assert len(kept) <= 2, "of two totals at most"
    assert not kept or any(part.sign > 0 for part in kept)
    assert isinstance(parts[0], Kept) or len(parts) == 1 if parts else True
    few = near(edges, until_day) + near(edges, from_day - 1)
    assert span(from_day, until_day, few, first, latest) == parts, "the nearest edges are enough"


@given(st.integers(400, 800), st.integers(0, 399), st.integers(1, 399))
@settings(deadline=None)
def test_few_days_are_read_singly_and_none_of_late(latest: int, from_day: int, length: int) -> None:
    edges = set(range(latest)) - set(outlived(0, latest - 1))
    parts = span(from_day, from_day + length, edges, 0, latest)
    singly = [part.last - part.first + 1 for part in parts if isinstance(part, Days)]
    assert sum(singly) <= 10, "five days on either side of the span at most"
    assert sum(singly) <= SINGLY_DAYS_MAX or from_day <= latest - EVERY_DAY_DAYS


def test_a_whole_month_is_two_totals_and_what_goes_on_is_today_besides() -> None:
    january, february, today = day_of(2026, 1, 31), day_of(2026, 2, 28), day_of(2026, 3, 9)
    edges = [january, february, today - 1]
    assert span(january + 1, february, edges, 0, today) == [Kept(1, february), Kept(-1, january)]
    now = [Kept(1, today - 1), Days(1, today, today)]
    assert span(january + 1, today, edges, 0, today) == [*now, Kept(-1, january)]
    assert span(0, today + 40, edges, 20, today) == now, "all there is"
    assert span(january + 4, today, edges, 0, today) == [*now, Kept(-1, january), Days(-1, january + 1, january + 3)]
