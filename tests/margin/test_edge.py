"""Edges: whatever totals are kept, the parts of a span add up to its days, each once, and few days are read singly."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.margin.edge import LATEST, Days, Kept, edge_before, span

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


def test_an_edge_is_the_last_day_of_a_month_or_of_a_part_of_it() -> None:
    assert edge_before(day_of(2026, 3, 1)) == day_of(2026, 2, 28)
    assert edge_before(day_of(2026, 3, 7)) == day_of(2026, 2, 28)
    assert edge_before(day_of(2026, 3, 8)) == day_of(2026, 3, 7)
    assert edge_before(day_of(2026, 3, 31)) == day_of(2026, 3, 21)
    assert edge_before(day_of(2028, 3, 1)) == day_of(2028, 2, 29)


@given(DAYS)
@settings(deadline=None)
def test_the_last_edge_is_less_than_eleven_days_before_and_edges_never_go_back(day: int) -> None:
    assert 1 <= day - edge_before(day) <= 10
    assert edge_before(day) <= edge_before(day + 1)
    assert edge_before(edge_before(day) + 1) == edge_before(day), "the day after an edge begins after that edge"
    if (date(1970, 1, 1) + timedelta(days=day)).day == 1:
        assert edge_before(day) == day - 1, "the last day of a month is an edge"


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


@given(st.integers(400, 800), st.integers(0, 399), st.integers(0, 399))
@settings(deadline=None)
def test_with_every_edge_kept_few_days_are_read_singly(latest: int, from_day: int, length: int) -> None:
    edges = {edge_before(day) for day in range(1, latest)} - {-1}
    parts = span(from_day, from_day + length, edges, 0, latest)
    singly = [part.last - part.first + 1 for part in parts if isinstance(part, Days)]
    assert sum(singly) <= 10, "five days on either side of the span at most"
    assert len(singly) <= 2


def test_a_whole_month_and_what_goes_on_since_one_are_two_totals() -> None:
    january, february = day_of(2026, 1, 31), day_of(2026, 2, 28)
    edges = [january, february]
    assert span(january + 1, february, edges, 0, february + 9) == [Kept(1, february), Kept(-1, january)]
    assert span(january + 1, february + 9, edges, 0, february + 9) == [Kept(1, LATEST), Kept(-1, january)]
    assert span(0, february + 40, edges, 20, february + 9) == [Kept(1, LATEST)], "all there is"
    assert span(january + 4, february + 9, edges, 0, february + 9) == [
        Kept(1, LATEST), Kept(-1, january), Days(-1, january + 1, january + 3),
    ]  # fmt: skip
