"""Where customers stand: everybody once, on the right side of the line, for any costs and any room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.margin.stand import BINS, LINE_BIN, Stood, line_up

USED = st.lists(st.tuples(st.integers(0, 500), st.integers(-5, 10**13)), max_size=40)


@given(USED, st.integers(0, 10_000), st.integers(-(10**12), 10**12), st.integers(0, 1000))
def test_everybody_stands_once_and_on_their_side(
    costs: list[tuple[int, int]], quiet: int, room: int, near: int
) -> None:
    used = [(f"cus_{n}", answers, cost) for n, (answers, cost) in enumerate(costs)]
    line = line_up(used, quiet, room, near)
    assert sorted((one.customer, one.answers, one.cost_grains) for one in line.people) == sorted(used)
    assert sum(line.bins) == len(used) + quiet == sum(line.count(side) for side in ("under", "near", "past"))
    for one in line.people:
        assert (one.side == "past") == (one.bin >= LINE_BIN) == (one.cost_grains > max(0, room))
        assert 0 <= one.bin < BINS
        assert (line.over(one) > 0) == (one.side == "past")
        if one.side == "near":
            assert one.cost_grains * 1000 >= room * near
    costliest = [one.cost_grains for one in line.people]
    assert costliest == sorted(costliest, reverse=True)
    bins = [one.bin for one in line.people]
    assert bins == sorted(bins, reverse=True), "who costs more never stands before who costs less"


def test_examples() -> None:
    line = line_up([("a", 3, 500), ("b", 9, 1_000), ("c", 10, 1_001), ("d", 1, 801), ("e", 99, 9_999)], 2, 1_000, 800)
    assert line.people == [
        Stood("e", 99, 9_999, 9_999, "past", 39), Stood("c", 10, 1_001, 1_001, "past", 20),
        Stood("b", 9, 1_000, 1_000, "near", 19), Stood("d", 1, 801, 801, "near", 16),
        Stood("a", 3, 500, 500, "under", 10),
    ]  # fmt: skip
    assert (line.count("under"), line.count("near"), line.count("past"), line.bins[0]) == (3, 2, 2, 2)
    assert line_up([], 0, 0, 800).bins == [0] * BINS


def test_where_the_fee_leaves_nothing_whoever_costs_anything_is_past() -> None:
    line = line_up([("a", 1, 1), ("b", 1, 0)], 0, -5, 800)
    assert [(one.side, one.bin, one.permille) for one in line.people] == [("past", 39, None), ("under", 0, None)]
    assert line.over(line.people[0]) == 1
