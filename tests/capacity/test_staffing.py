"""Servers for a load, and rent that waits as a line of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.capacity.staffing import rent_split, servers_for


def test_square_root_staffing() -> None:
    assert [servers_for(load) for load in (0, 0.1, 1, 4, 100)] == [0, 1, 2, 6, 110]
    # facts/ECONOMICS.md 1.6: scale is itself margin
    assert [round(load / servers_for(load), 2) for load in (10, 200)] == [0.71, 0.93]


@given(st.integers(0, 10**18), st.floats(0, 1.5), st.integers(0, 10**9))
def test_busy_and_idle_are_all_of_it(rent: int, busy: float, answers: int) -> None:
    found = rent_split(rent, busy, answers)
    assert found.busy_grains + found.idle_grains == rent
    assert min(found.busy_grains, found.idle_grains) >= 0
    assert (found.busy_each_grains + found.idle_each_grains) * answers <= rent


def test_a_month_by_hand() -> None:
    found = rent_split(1_000_000, 0.25, 100)
    assert (found.busy_grains, found.idle_grains) == (250_000, 750_000)
    assert (found.busy_each_grains, found.idle_each_grains) == (2_500, 7_500)
