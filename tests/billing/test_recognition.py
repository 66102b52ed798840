"""Deferred revenue: differences of what is earned so far sum to the price, over time and over use."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from solvent.billing.recognition import (
    DONE_US,
    Schedule,
    earned_between,
    earned_by_time,
    earned_by_use,
    handed_over,
    recognised,
)
from solvent.values.ids import CustomerId

GRAINS = st.integers(-(10**15), 10**15)


def schedule(grains: int, from_us: int, until_us: int, pot: str = "", pieces: int = 0) -> Schedule:
    return Schedule(
        id="inv_1.1", customer=CustomerId("cus_1"), plan="pro", account="deferred:sub_1",
        revenue_account="revenue:subscriptions", currency="KRW", grains=grains, from_us=from_us, until_us=until_us,
        pot=pot, pieces=pieces, recognised_grains=0, attention_us=from_us, accrued_grains=0,
        accrue_us=until_us - 1 if pot else from_us, pot_debits=0,
    )  # fmt: skip


SCHEDULES = st.builds(
    lambda grains, start, length: schedule(grains, start, start + length),
    GRAINS,
    st.integers(0, 10**16),
    st.integers(1, 4 * 10**14),
)


@given(SCHEDULES, st.lists(st.integers(-(10**14), 10**15), max_size=20))
def test_differences_at_any_instants_sum_to_the_whole(whole: Schedule, offsets: list[int]) -> None:
    instants = sorted(whole.from_us + offset for offset in offsets)
    cuts = [min([whole.from_us, *instants]), *instants, max([whole.until_us, *instants])]
    pieces = [earned_between(whole, start, end) for start, end in pairwise(cuts)]
    assert sum(pieces) == whole.grains
    assert all(piece * whole.grains >= 0 for piece in pieces), "revenue is earned, never unearned, as time goes on"


@given(SCHEDULES, st.integers(0, 10**17))
def test_what_is_given_back_mirrors_what_was_earned(whole: Schedule, at_us: int) -> None:
    back = msgspec.structs.replace(whole, grains=-whole.grains)
    assert earned_by_time(whole, at_us) + earned_by_time(back, at_us) == 0


@given(
    st.lists(st.tuples(SCHEDULES, st.sampled_from(("plus", "pro", "team"))), min_size=1, max_size=6),
    st.integers(0, 10**16),
)
def test_whose_income_the_rest_is_changes_and_nothing_else(sold: list[tuple[Schedule, str]], at_us: int) -> None:
    until_us = max(one.until_us for one, _ in sold)
    before = [msgspec.structs.replace(one, plan=plan, until_us=until_us) for one, plan in sold]
    after = [*before, *handed_over(before, "pro", at_us)]
    assert len({one.id for one in after[len(before) :]}) == len(after) - len(before)
    assert sum(one.grains for one in after) == sum(one.grains for one in before)
    assert handed_over(after, "pro", at_us) == []
    for plan in ("plus", "team"):
        mine = [one for one in after if one.plan == plan]
        assert sum(one.grains for one in mine) == sum(earned_by_time(one, min(at_us, until_us)) for one in mine)


@given(GRAINS.filter(lambda grains: grains >= 0), st.integers(1, 10**9), st.lists(st.integers(0, 10**9), max_size=10))
def test_a_pack_is_earned_as_it_is_used_and_the_rest_is_breakage(price: int, pieces: int, steps: list[int]) -> None:
    pack = schedule(price, 0, 100, "allowance:cus_1:pack_1", pieces)
    used, before = 0, 0
    for step in steps:
        used = min(pieces, used + step)
        earned = earned_by_use(pack, used, 50)
        assert before <= earned.revenue <= price
        assert earned.breakage == 0
        before = earned.revenue
    end = earned_by_use(pack, used, 100)
    assert (end.revenue, end.total) == (before, price)
    assert earned_by_use(pack, pieces, 50).revenue == price


def test_half_of_thirty_days_is_half() -> None:
    month = schedule(29_000 * 10**7, 0, 30)
    assert [earned_by_time(month, at) for at in (-1, 0, 15, 30, 31)] == [
        0,
        0,
        145_000_000_000,
        29 * 10**10,
        29 * 10**10,
    ]


def test_a_schedule_is_done_when_all_of_it_was_posted_and_its_time_is_over() -> None:
    month = schedule(300, 0, 30)
    assert recognised(month, 100, 10).attention_us == month.attention_us
    assert recognised(month, 300, 30).attention_us == DONE_US
    assert recognised(month, 300, 30).recognised_grains == 300
