"""The order in which upstreams are asked: each one once, the well ones first, by weight or speed where so said."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from solvent.routing.health import FAILURES_TO_SHUT, Health
from solvent.routing.policy import EXPLORE_EVERY, Candidate, Policy, order_of

NOW = 10**15
POLICIES: tuple[Policy, ...] = ("order", "weighted", "fastest")


def candidate(*, weight: int = 1, latency_us: int = 0, shut_at_us: int = 0) -> Candidate:
    health = Health()
    if latency_us:
        health.succeed(latency_us)
    for _ in range(FAILURES_TO_SHUT if shut_at_us else 0):
        health.fail("upstream_failed", shut_at_us)
    return Candidate(health, weight)


CANDIDATES = st.builds(
    lambda weight, latency, ago: candidate(weight=weight, latency_us=latency, shut_at_us=NOW - ago if ago else 0),
    st.integers(1, 9),
    st.integers(0, 10**6),
    st.sampled_from((0, 0, 1, 2, 10**7)),
)


@given(st.lists(CANDIDATES, min_size=1, max_size=6), st.sampled_from(POLICIES), st.integers(0, 2**64))
def test_everyone_is_there_once_and_the_shut_ones_last(found: list[Candidate], policy: Policy, roll: int) -> None:
    order = order_of(found, policy, roll, NOW)
    assert sorted(order) == list(range(len(found)))
    opens = [found[n].health.is_open(NOW) for n in order]
    assert opens == sorted(opens, reverse=True)
    ends = [found[n].health.shut_until_us for n, is_open in zip(order, opens, strict=True) if not is_open]
    assert ends == sorted(ends)


@given(st.lists(CANDIDATES, min_size=1, max_size=6), st.integers(0, 2**64))
def test_by_order_it_is_the_first_that_is_well(found: list[Candidate], roll: int) -> None:
    well = [n for n, one in enumerate(found) if one.health.is_open(NOW)]
    assert order_of(found, "order", roll, NOW)[: len(well)] == well


def test_by_weight_each_is_asked_as_often_as_it_says() -> None:
    found = [candidate(weight=1), candidate(weight=3), candidate(weight=6), candidate(weight=90, shut_at_us=NOW)]
    dice = Random(5)
    first = Counter(order_of(found, "weighted", dice.getrandbits(64), NOW)[0] for _ in range(10_000))
    assert [abs(first[n] - 10_000 * share // 10) < 300 for n, share in enumerate((1, 3, 6, 0))] == [True] * 4


def test_the_fastest_is_asked_and_now_and_then_another() -> None:
    found = [candidate(latency_us=900), candidate(latency_us=100), candidate(latency_us=500)]
    dice = Random(5)
    first = Counter(order_of(found, "fastest", dice.getrandbits(64), NOW)[0] for _ in range(10_000))
    assert first[1] > 9_000
    assert 10_000 / EXPLORE_EVERY / 2 < first[0] + first[2] < 10_000 / EXPLORE_EVERY
    found.append(candidate())
    assert order_of(found, "fastest", 1, NOW)[0] == 3, "of whom nobody knows is asked first"
