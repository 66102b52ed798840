"""Whether to ask again: what speaks against the upstream, within a budget, after a bounded pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.routing.retry import BURST, PAUSE_S_MAX, SHARE, RetryBudget, is_upstreams, is_worth_a_try, pause_s


@pytest.mark.parametrize("fault", ["upstream_refused", "not_bridged", "answer_overdue", "wallet_empty", "anything"])
def test_what_is_the_questions_own_fault_is_not_asked_again(fault: str) -> None:
    assert not is_upstreams(fault)
    assert not is_worth_a_try(fault, None, is_same=False)
    assert not is_worth_a_try(fault, 500, is_same=True)


@pytest.mark.parametrize(
    ("fault", "status", "again"),
    [
        ("upstream_unreachable", None, True),
        ("upstream_failed", 500, True),
        ("upstream_failed", 503, True),
        ("upstream_failed", None, False),  # in the middle of its answer: it has begun to bill
        ("upstream_failed", 418, False),
        ("upstream_timeout", None, False),  # it may be answering still, to nobody
        ("upstream_cut_off", None, False),
        ("upstream_busy", 429, False),
        ("upstream_key_refused", 401, False),
        ("upstream_garbage", 200, False),
    ],
)
def test_elsewhere_always_and_at_the_same_place_only_where_nothing_can_have_been_billed(
    fault: str, status: int | None, *, again: bool
) -> None:
    assert is_worth_a_try(fault, status, is_same=False)
    assert is_worth_a_try(fault, status, is_same=True) is again


@given(st.integers(1, 60), st.integers(0, 2**70))
def test_the_pause_is_bounded_and_there_is_none_elsewhere(tries: int, roll: int) -> None:
    assert 0 <= pause_s(tries, roll, is_same=True) <= PAUSE_S_MAX
    assert pause_s(tries, roll, is_same=False) == 0


@given(st.lists(st.booleans(), max_size=400))
def test_tries_are_a_few_and_a_share_of_all_questions(spends: list[bool]) -> None:
    budget = RetryBudget()
    spent = asked = 0
    for spend in spends:
        if spend:
            spent += budget.spend()
        else:
            asked += 1
            budget.earn()
        assert spent * SHARE <= BURST * SHARE + asked


def test_the_budget_runs_dry_and_fills_again() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(BURST + 1)] == [True] * BURST + [False]
    for _ in range(SHARE - 1):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
