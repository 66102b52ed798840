"""What plans include: how much for how many seats, counted in which unit, under which name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.billing.included import Included, is_unlimited, issued, ledger_unit, place, rolls_over, unlimited
from solvent.values.limits import GRAINS_MAX

UNLIMITED = unlimited("answers")


@pytest.mark.parametrize(
    ("included", "seats", "gives", "rolls"),
    [
        (Included("answers", 300), 5, 300, 0),
        (Included("answers", 300, roll_over=20, each_seat=True), 5, 1500, 100),
        (Included("tokens", 10**6, roll_over=7), 5, 10**6, 7),
        (Included("answers", UNLIMITED, each_seat=True), 5, UNLIMITED, 0),
    ],
)
def test_a_quota_is_given_once_or_for_each_seat(included: Included, seats: int, gives: int, rolls: int) -> None:
    assert (issued(included, seats), rolls_over(included, seats)) == (gives, rolls)


def test_answers_and_tokens_can_be_without_limit() -> None:
    assert is_unlimited(Included("answers", UNLIMITED))
    assert is_unlimited(Included("tokens", unlimited("tokens")))
    assert not is_unlimited(Included("money", UNLIMITED))
    assert not is_unlimited(Included("answers", UNLIMITED - 1))


def test_pots_without_limit_still_fit_the_books() -> None:
    """A hundred thousand customers with both, every month for seven years, sum to less than a column holds."""
    assert unlimited("answers") * 10**5 * 12 * 700 < GRAINS_MAX
    assert unlimited("tokens") * 10**5 * 12 * 7 < GRAINS_MAX


@pytest.mark.parametrize(
    ("included", "name", "unit"),
    [
        (Included("answers", 5), "answers", "ANSWERS"),
        (Included("answers", UNLIMITED), "unlimited.answers", "ANSWERS"),
        (Included("tokens", 5, ("small", "large")), "tokens-large+small", "TOKENS"),
        (Included("money", 5, ("large", "small")), "money-large+small", "KRW.INCLUDED"),
    ],
)
def test_a_quota_has_a_place_and_a_unit(included: Included, name: str, unit: str) -> None:
    assert (place(included), ledger_unit(included, "KRW")) == (name, unit)


CLASSES = st.lists(st.sampled_from(["s", "m", "l"]), unique=True).map(tuple)


@given(CLASSES, CLASSES, st.integers(1, 99), st.integers(1, 99))
def test_the_place_is_the_same_for_the_same_classes_in_any_order(
    one: tuple[str, ...], other: tuple[str, ...], few: int, many: int
) -> None:
    places = place(Included("tokens", few, one)), place(Included("tokens", many, other))
    assert (places[0] == places[1]) == (set(one) == set(other))
