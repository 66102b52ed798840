"""Transfers: a hold ends once, for at most what it held; everything else is a conflict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.values.errors import Conflict
from solvent.values.ids import TransferId
from solvent.values.money import Money

HOLD = hold(TransferId("ans_1.hold"), 10, "wallet:a", "revenue", Money(100, "KRW"), 50, "ans_1")


@given(st.integers(0, 100), st.integers(10, 99))
@settings(deadline=None)
def test_a_hold_is_posted_for_anything_up_to_what_it_held(grains: int, at_us: int) -> None:
    row = post(HOLD, Money(grains, "KRW"), at_us)
    assert (row.state, row.grains, row.resolves, row.held_grains) == ("posted", grains, HOLD.id, 100)
    assert (row.debit, row.credit, row.currency, row.reference) == ("wallet:a", "revenue", "KRW", "ans_1")
    assert row.id != HOLD.id
    assert row.expires_us is None


@pytest.mark.parametrize("amount", [Money(101, "KRW"), Money(-1, "KRW"), Money(1, "USD"), Money(0, "JPY")])
def test_a_posting_of_more_or_of_other_money_is_a_conflict(amount: Money) -> None:
    with pytest.raises(Conflict) as caught:
        post(HOLD, amount, 20)
    assert caught.value.code == "exceeds_hold"


def test_a_void_returns_all_of_it() -> None:
    row = void(HOLD, 20)
    assert (row.state, row.grains, row.resolves, row.held_grains) == ("voided", 0, HOLD.id, 100)


STANDS = posting(TransferId("t"), 1, "a", "b", Money(1, "KRW"), "")


@pytest.mark.parametrize("other", [void(HOLD, 20), post(HOLD, Money(1, "KRW"), 20), STANDS])
def test_only_a_hold_can_be_resolved(other: Transfer) -> None:
    with pytest.raises(Conflict) as caught:
        void(other, 30)
    assert caught.value.code == "hold_not_pending"
    with pytest.raises(Conflict) as caught:
        post(other, Money(0, "KRW"), 30)
    assert caught.value.code == "hold_not_pending"


def test_nothing_moves_backwards() -> None:
    with pytest.raises(AssertionError):
        posting(TransferId("t"), 1, "a", "b", Money(-1, "KRW"), "")
    with pytest.raises(AssertionError):
        hold(TransferId("t"), 1, "a", "b", Money(-1, "KRW"), 2, "")


def test_a_row_is_never_changed() -> None:
    with pytest.raises(AttributeError):
        HOLD.grains = 1  # type: ignore[misc]
