"""The shared clock against brute-force Shapley values, and by what only the Shapley value has at once."""

from __future__ import annotations

from math import floor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.values.shared_batches import running, shapley, tell

from solvent.values.shared_clock import PARTS, SharedClock


def is_shapley(seed: int, people: int, unit: int) -> None:
    told = tell(Random(seed), people, unit=unit)
    exact = [share / unit for share in shapley(told.spent, people)]
    for paid, owed in running(told.shares, exact):
        assert paid == floor(owed), "shares are the exact ones, rounded down with the rest carried to the next"


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_eight_are_those_of_all_40320_orders_to_the_last_unit(seed: int) -> None:
    is_shapley(seed, 8, unit=1)


@given(st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([1, 7, 1000]))
@settings(deadline=None, max_examples=60)
def test_shares_of_fewer_are_too_whatever_the_unit(seed: int, people: int, unit: int) -> None:
    is_shapley(seed, people, unit)


@given(st.integers(0, 2**32), st.integers(1, 100))
@settings(deadline=None, max_examples=200)
def test_everything_is_paid_by_somebody_and_nobody_pays_less_than_nothing(seed: int, people: int) -> None:
    told = tell(Random(seed), people)
    assert sum(share for _, share in told.shares) == told.clock.busy == sum(amount for amount, _ in told.spent)
    assert min(share for _, share in told.shares) >= 0
    assert (told.clock.members, told.clock.idle) == (0, 0)


def test_sums_are_exact_over_many_batches() -> None:
    """A million of them: `bench/attribution.py`."""
    random = Random(7)
    for _ in range(3_000):
        told = tell(random, random.randrange(1, 40))
        assert sum(share for _, share in told.shares) == told.clock.busy


@given(st.integers(0, 2**32), st.integers(17, 300))
@settings(deadline=None, max_examples=60)
def test_beyond_sixteen_a_share_is_still_right_to_a_unit(seed: int, people: int) -> None:
    random = Random(seed)
    clock, exact = SharedClock(), 0.0
    first = clock.come()
    others = []
    for _ in range(people):
        others.append(clock.come())
        amount = random.randrange(10**6)
        clock.spend(amount)
        exact += amount / clock.members
    assert abs(clock.leave(first) - exact) <= 1.001
    assert sum(map(clock.leave, others)) + floor(exact) in (clock.busy, clock.busy - 1, clock.busy + 1)


@given(st.lists(st.integers(0, 10**12), max_size=30), st.integers(2, 16))
def test_who_does_the_same_pays_the_same(spent: list[int], people: int) -> None:
    clock = SharedClock()
    stays = [clock.come() for _ in range(people)]
    for amount in spent:
        clock.spend(amount)
    shares = [clock.leave(stay) for stay in stays]
    assert max(shares) - min(shares) <= 1


@given(st.integers(0, 2**32), st.integers(1, 12))
@settings(deadline=None)
def test_who_adds_nothing_pays_nothing(seed: int, people: int) -> None:
    random, clock = Random(seed), SharedClock()
    stays = [clock.come() for _ in range(people)]
    paid = 0
    for _ in range(20):
        clock.spend(random.randrange(10**6))
        assert clock.leave(clock.come(is_reading=random.random() < 0.5)) == 0
    paid += sum(map(clock.leave, stays))
    assert paid == clock.busy


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=20), st.integers(2, 16))
def test_the_share_of_two_bills_is_the_sum_of_the_shares_of_each(spent: list[tuple[int, int]], people: int) -> None:
    shares = []
    for bills in ((1, 0), (0, 1), (1, 1)):
        clock = SharedClock()
        stays = [clock.come() for _ in range(people)]
        for first, second in spent:
            clock.spend((bills[0] * first + bills[1] * second) * PARTS)  # no rounding in the way
            clock.own(stays[0], bills[0] * second + bills[1] * first)
        shares.append([clock.leave(stay) for stay in stays])
    assert [a + b for a, b in zip(*shares[:2], strict=True)] == shares[2]


def test_readers_pay_for_the_time_they_read_in_and_writers_for_the_rest() -> None:
    clock = SharedClock()
    writer, reader = clock.come(), clock.come(is_reading=True)
    clock.spend(90)  # the reader's
    clock.begin(reader)
    clock.begin(reader)  # twice is once
    clock.spend(20)  # both of theirs
    assert clock.leave(reader) == 100
    clock.spend(5)
    assert (clock.leave(writer), clock.busy) == (15, 115)
    clock.spend(1_000)
    assert (clock.busy, clock.idle) == (115, 1_000)


def test_who_leaves_while_it_reads_pays_for_that_and_leaves_no_trace() -> None:
    clock = SharedClock()
    gone, writer = clock.come(is_reading=True), clock.come()
    clock.spend(10)
    assert clock.leave(gone) == 10
    clock.spend(7)
    assert clock.leave(writer) == 7


def test_nobody_leaves_who_never_came() -> None:
    clock = SharedClock()
    stay = clock.come()
    clock.leave(stay)
    with pytest.raises(AssertionError):
        clock.leave(stay)
