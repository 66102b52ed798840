"""The busy clock against brute force: every instant is shared by who is there, and nothing is lost."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.engines.busy_clock import SEATS_MAX, BusyClock

Visits = list[tuple[int, int, int]]  # who, from, until, in nanoseconds


def shares_by_hand(visits: Visits) -> tuple[dict[int, Fraction], int]:
    """Each visitor's share, instant by instant, and how long anybody was there."""
    edges = sorted({edge for _, came, left in visits for edge in (came, left)})
    shares, busy = {who: Fraction(0) for who, _, _ in visits}, 0
    for start, end in pairwise(edges):
        present = [who for who, came, left in visits if came <= start and end <= left]
        for who in present:
            shares[who] += Fraction(end - start, len(present))
        busy += (end - start) if present else 0
    return shares, busy


def shares_by_clock(visits: Visits) -> tuple[dict[int, int], int]:
    clock = BusyClock()
    events = sorted([(left, 0, who) for who, _, left in visits] + [(came, 1, who) for who, came, _ in visits])
    came_at: dict[int, int] = {}
    shares: dict[int, int] = {}
    for now_ns, is_coming, who in events:
        if is_coming:
            came_at[who] = clock.come(now_ns)
        else:
            shares[who] = clock.leave(came_at[who], now_ns)
    return shares, clock.busy_ns


@st.composite
def visiting(draw: st.DrawFn) -> Visits:
    seed, seats, count = draw(st.integers(0, 2**32)), draw(st.integers(1, SEATS_MAX)), draw(st.integers(1, 60))
    random, free, visits = Random(seed), [draw(st.integers(0, 10**12))] * seats, Visits()
    longest = draw(st.sampled_from([3, 1_000, 10**6, 10**10]))
    for who in range(count):
        seat = free.index(min(free))
        came = free[seat] + random.randrange(longest)
        left = came + 1 + random.randrange(longest)
        free[seat] = left
        visits.append((who, came, left))
    return visits


@given(visiting())
@settings(deadline=None, max_examples=300)
def test_shares_are_those_of_brute_force_to_a_microsecond_and_sum_to_the_busy_time(visits: Visits) -> None:
    shares, busy_ns = shares_by_clock(visits)
    exact, busy_by_hand = shares_by_hand(visits)
    assert busy_ns == busy_by_hand
    assert sum(shares.values()) == busy_ns // 1_000  # what is left over, under a microsecond, is carried
    for who, share in shares.items():
        assert abs(share - exact[who] / 1_000) <= 1


def test_one_alone_pays_for_all_of_its_time_and_for_no_idle_time() -> None:
    assert shares_by_clock([(0, 5_000, 12_000), (1, 900_000, 901_000)]) == ({0: 7, 1: 1}, 8_000)


def test_two_together_share_the_time_they_are_both_there() -> None:
    assert shares_by_clock([(0, 0, 10_000), (1, 4_000, 14_000)])[0] == {0: 7, 1: 7}


def test_remainders_are_carried_to_the_next_who_leaves() -> None:
    clock = BusyClock()
    shares = []
    for n in range(1_000):
        came = clock.come(n * 10_000)
        shares.append(clock.leave(came, n * 10_000 + 999))
    assert sum(shares) == 999
    assert set(shares) == {0, 1}


def test_a_clock_that_stands_or_runs_back_gives_nothing_and_takes_nothing() -> None:
    clock = BusyClock()
    came = clock.come(1_000_000)
    assert clock.leave(came, 1_000_000) == 0
    came = clock.come(500_000)
    assert clock.leave(came, 400_000) == 0
    assert clock.busy_ns == 0


def test_more_than_it_can_share_exactly_is_a_defect() -> None:
    clock = BusyClock()
    for _ in range(SEATS_MAX):
        clock.come(0)
    with pytest.raises(AssertionError):
        clock.come(0)


def test_nobody_leaves_who_never_came() -> None:
    with pytest.raises(AssertionError):
        BusyClock().leave(0, 10)
