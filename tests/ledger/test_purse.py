"""A purse never promises what it has not, and a hold ends once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.ledger.purse import Purse


@given(
    st.integers(0, 1_000),
    st.lists(st.tuples(st.sampled_from(["hold", "settle"]), st.integers(-5, 1_200), st.integers(-5, 1_200))),
)
@settings(deadline=None, max_examples=300)
def test_a_purse_never_goes_below_zero_whatever_is_asked_of_it(start: int, steps: list[tuple[str, int, int]]) -> None:
    purse = Purse(start)
    for step, a, b in steps:
        before = (purse.spare, purse.under_way)
        try:
            purse.hold(a) if step == "hold" else purse.settle(a, b)
        except AssertionError:
            assert (purse.spare, purse.under_way) == before
        assert purse.spare >= 0
        assert purse.under_way >= 0


@pytest.mark.parametrize("spent", [0, 1, 40])
def test_a_purse_gives_back_what_was_not_spent(spent: int) -> None:
    purse = Purse(100)
    purse.hold(40)
    assert (purse.spare, purse.under_way) == (60, 1)
    purse.settle(40, spent)
    assert (purse.spare, purse.under_way) == (100 - spent, 0)


def test_a_hold_ends_once_in_the_purse_too() -> None:
    purse = Purse(100)
    purse.hold(40)
    purse.settle(40, 10)
    with pytest.raises(AssertionError):
        purse.settle(40, 10)


def test_everything_may_be_set_aside_and_not_a_grain_more() -> None:
    purse = Purse(100)
    purse.hold(100)
    with pytest.raises(AssertionError):
        purse.hold(1)
    purse.hold(0)
    assert (purse.spare, purse.under_way) == (0, 2)
