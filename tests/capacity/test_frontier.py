"""The frontier: nothing beats what is on it, something beats what is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.capacity.frontier import frontier

POINTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


def beats(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[0] and one[1] <= other[1] and one != other


@given(POINTS)
def test_it_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    best = {n for n, point in enumerate(points) if not any(beats(other, point) for other in points)}
    assert frontier(points) == best


def test_by_hand() -> None:
    assert frontier([(3, 1), (1, 3), (2, 2), (2, 3), (3, 3)]) == {0, 1, 2}
    assert frontier([]) == frozenset()
