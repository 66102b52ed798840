"""A wallet's month: gifts go first, and VAT is on the rest, whole, and never drifts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.invoicing.profile import Profile
from solvent.invoicing.statement import Wallet, vat_on_use, with_gifts_first
from solvent.invoicing.tax import Tax

GRAINS = st.integers(0, 10**15)
INCLUSIVE = Profile(tax=Tax("inclusive", 100))


@st.composite
def months(draw: st.DrawFn) -> list[Wallet]:
    """Months of one wallet that follow each other and never go below zero."""
    made: list[Wallet] = []
    held = 0
    for _ in range(draw(st.integers(1, 6))):
        paid_in, gifts = draw(GRAINS), draw(GRAINS)
        left = held + paid_in + gifts
        used = draw(st.integers(0, left))
        out = draw(st.integers(0, left - used))
        expired = draw(st.integers(0, left - used - out))
        made.append(Wallet(opening=held, paid_in=paid_in, gifts=gifts, used=used, paid_out=out, expired=expired))
        held = made[-1].closing
    return made


@given(months())
def test_gifts_go_first_and_are_never_more_than_there_were(moved: list[Wallet]) -> None:
    left = given_ = used = 0
    for month in moved:
        after = with_gifts_first(month, left)
        assert 0 <= after.gifts_used <= min(month.used, left + month.gifts)
        assert after.gifts_used == month.used or after.gifts_left == 0
        assert 0 <= after.gifts_left <= after.closing
        left = after.gifts_left
        given_, used = given_ + month.gifts, used + after.gifts_used
    assert used + left <= given_


@given(months(), st.integers(0, 500))
def test_vat_is_whole_each_month_and_right_in_all(moved: list[Wallet], permille: int) -> None:
    profile = Profile(tax=Tax("inclusive", permille))
    left = carried = posted = paid = 0
    for month in moved:
        after = with_gifts_first(month, left)
        vat, carried = vat_on_use(after, profile, carried)
        assert vat % 10**7 == 0
        assert 2 * abs(carried) <= 10**7
        left = after.gifts_left
        posted, paid = posted + vat, paid + after.used - after.gifts_used
    exact = paid * permille
    assert abs(posted * (1000 + permille) - exact) <= (1000 + permille) * (5 * 10**6 + len(moved))


@pytest.mark.parametrize("treatment", ["exclusive", "reverse_charge", "none"])
def test_no_vat_is_inside_unless_prices_contain_it(treatment: str) -> None:
    profile = msgspec.structs.replace(INCLUSIVE, tax=Tax(treatment, 100))  # type: ignore[arg-type]
    assert vat_on_use(Wallet(paid_in=11 * 10**11, used=11 * 10**11), profile, 0) == (0, 0)


def test_a_charge_given_back_gives_its_vat_back() -> None:
    assert vat_on_use(Wallet(opening=0, used=-11_000 * 10**7), INCLUSIVE, 0) == (-1_000 * 10**7, 0)


def test_a_gift_that_was_taken_back_leaves_nothing_to_use() -> None:
    after = with_gifts_first(Wallet(opening=10, gifts=-10, paid_in=50, used=20), 10)
    assert (after.gifts_used, after.gifts_left, after.closing) == (0, 0, 30)
