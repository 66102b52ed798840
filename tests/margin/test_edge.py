"""Edges: whatever totals are kept, the parts of a span add up to its days, each once, and few days are read singly."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.margin.edge import LATEST, Days, Kept, between, edge_before, up_to

DAYS = st.integers(0, 60_000)


def day_of(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


def counted(parts: list[Kept | Days], first: int, latest: int) -> dict[int, int]:
    """How often the parts count each day that has answers."""
    times = dict.fromkeys(range(first, latest + 1), 0)
    for part in parts:
        days = range(first, min(part.through, latest) + 1) if isinstance(part, Kept) else range(part.first, part.last + 1)
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
    return first, latest, edges, from_day, draw(st.integers(from_day, latest + 20))


@given(spans())
@settings(deadline=None)
def test_the_parts_of_a_span_count_its_days_once_and_no_other(given_span: tuple[int, int, list[int], int, int]) -> None:
    first, latest, edges, from_day, until_day = given_span
    beside = [[edge for edge in edges if edge <= day][-1:] + [edge for edge in edges if edge >= day][:1]
              for day in (until_day, from_day - 1)]  # fmt: skip
    until, before = (
        up_to(day, near, first, latest) for day, near in zip((until_day, from_day - 1), beside, strict=True)
    )
    parts = between(until, before)
    expected = {day: int(from_day <= day <= until_day) for day in range(first, latest + 1)}
    assert counted(parts, first, latest) == expected
    assert sum(isinstance(part, Kept) for part in parts) <= 2
    kept = [part.through for part in parts if isinstance(part, Kept)]
    assert len(kept) == len(set(kept)), "totals that cancel out are not read"


@given(st.integers(400, 800), st.integers(0, 399), st.integers(0, 399))
@settings(deadline=None)
def test_with_every_edge_kept_few_days_are_read_singly(latest: int, from_day: int, length: int) -> None:
    edges = sorted({edge_before(day) for day in range(1, latest)} - {-1})
    until_day = min(latest, from_day + length)
    both = []
    for day in (until_day, from_day - 1):
        near = [edge for edge in edges if edge <= day][-1:] + [edge for edge in edges if edge >= day][:1]
        both.append(up_to(day, near, 0, latest))
    singly = sum(part.last - part.first + 1 for part in between(*both) if isinstance(part, Days))
    assert singly <= 10, "five days on either side of the span at most"


def test_what_goes_on_is_whole_months_without_any_day_read_singly() -> None:
    edge = day_of(2026, 2, 28)
    parts = between(up_to(edge + 40, [], 0, edge + 40), up_to(edge, [edge, edge], 0, edge + 40))
    assert parts == [Kept(1, LATEST), Kept(-1, edge)]
