"""Where customers stand: everybody once, on the right side of their own line, for any costs and any room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.margin.stand import BINS, LINE_BIN, Used, line_up

USED = st.lists(
    st.tuples(st.integers(0, 500), st.integers(-5, 10**13), st.integers(0, 10**13), st.integers(-(10**12), 10**12)),
    max_size=40,
)


@given(USED, st.integers(0, 10_000), st.integers(0, 1000))
def test_everybody_stands_once_and_on_their_side(sums: list[tuple[int, int, int, int]], quiet: int, near: int) -> None:
    used = [Used(f"cus_{n}", *one) for n, one in enumerate(sums)]
    line = line_up(used, quiet, near)
    assert sorted(one.customer for one in line.people) == sorted(one.customer for one in used)
    assert {one.customer: one.used for one in line.people} == {one.customer: one for one in used}
    assert sum(line.bins) == len(used) + quiet == sum(line.count(side) for side in ("under", "near", "past"))
    for one in line.people:
        cost, room = one.used.cost_grains, one.used.room_grains
        assert (one.side == "past") == (one.bin >= LINE_BIN) == (cost > max(0, room))
        assert 0 <= one.bin < BINS
        assert (one.over_grains > 0) == (one.side == "past")
        if one.side == "near":
            assert cost * 1000 >= room * near
    bins = [one.bin for one in line.people]
    assert bins == sorted(bins, reverse=True), "who is further along never stands before who is less far"


def test_examples() -> None:
    found = line_up(
        [
            Used("a", 3, 500, 2_000, 1_000), Used("b", 9, 1_000, 2_000, 1_000), Used("c", 10, 1_001, 2_000, 1_000),
            Used("d", 1, 801, 2_000, 1_000), Used("e", 99, 9_999, 2_000, 1_000), Used("f", 99, 9_999, 90_000, 89_000),
        ],
        2, 800,
    )  # fmt: skip
    assert [(one.customer, one.permille, one.side, one.bin, one.over_grains) for one in found.people] == [
        ("e", 9_999, "past", 39, 8_999), ("c", 1_001, "past", 20, 1), ("b", 1_000, "near", 19, 0),
        ("d", 801, "near", 16, -199), ("a", 500, "under", 10, -500), ("f", 112, "under", 2, -79_001),
    ]  # fmt: skip
    assert (found.count("under"), found.count("near"), found.count("past"), found.bins[0]) == (4, 2, 2, 2)
    assert line_up([], 0, 800).bins == [0] * BINS


def test_where_what_is_paid_leaves_nothing_whoever_costs_anything_is_past() -> None:
    line = line_up([Used("a", 1, 1, 0, -5), Used("b", 1, 0, 0, -5)], 0, 800)
    assert [(one.side, one.bin, one.permille) for one in line.people] == [("past", 39, None), ("under", 0, None)]
    assert line.people[0].over_grains == 1
