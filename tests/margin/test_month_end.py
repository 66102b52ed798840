"""What a month comes to if it goes on as it did."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.margin.month_end import PACE_DAYS, month_end
from solvent.values.money import Money

FIRST, AFTER = 100, 130


def kept(**days: int) -> dict[int, Money]:
    return {int(day[1:]): Money(grains, "KRW") for day, grains in days.items()}


def test_adds_the_mean_of_the_last_whole_days_for_every_day_that_is_left() -> None:
    found = month_end(kept(d102=7, d108=70, d109=70, d110=999), FIRST, 110, AFTER, "KRW")
    assert found is not None
    assert (found.so_far.grains, found.pace.grains, found.days, found.left) == (147, 70, 2, 20)
    assert found.expected == Money(147 + 70 * 20, "KRW")


def test_begins_with_the_first_day_of_the_service_and_says_nothing_before_a_day_is_over() -> None:
    found = month_end(kept(d109=30), FIRST, 110, AFTER, "KRW")
    assert found is not None
    assert (found.days, found.pace.grains) == (1, 30)
    assert month_end(kept(d110=30), FIRST, 110, AFTER, "KRW") is None
    assert month_end({}, FIRST, 110, AFTER, "KRW") is None


def test_on_the_first_day_the_pace_is_that_of_the_month_before() -> None:
    found = month_end(kept(d93=-70, d99=70), FIRST, FIRST, AFTER, "KRW")
    assert found is not None
    assert (found.so_far.grains, found.pace.grains, found.left) == (0, 0, 30)


@given(st.dictionaries(st.integers(80, 129), st.integers(-(10**9), 10**9)), st.integers(FIRST, AFTER - 1))
def test_an_even_month_ends_as_it_goes(days: dict[int, int], today: int) -> None:
    found = month_end({day: Money(grains, "KRW") for day, grains in days.items()}, FIRST, today, AFTER, "KRW")
    if found is not None:
        assert 1 <= found.days <= PACE_DAYS
        assert found.expected.grains == found.so_far.grains + found.pace.grains * (AFTER - today)
