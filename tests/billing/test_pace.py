"""What is said to be left of a rate is what is let through, and all of it comes back when it was said to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.billing.limits import RateRule
from solvent.billing.pace import MINUTE_US, Pace, TooFast

STEPS = st.lists(st.tuples(st.integers(0, 40_000_000), st.integers(1, 3_000)), max_size=30)


@given(STEPS, st.integers(1, 90), st.integers(1, 3))
def test_what_is_left_may_be_asked_at_once_and_not_one_more(
    steps: list[tuple[int, int]], requests: int, share: int
) -> None:
    rule = RateRule("key", requests_per_minute=requests, tokens_per_minute=10**9)
    pace, at_us = Pace(), 10**15
    for later_us, _ in steps:
        at_us += later_us
        pace.enter(rule, 1, at_us, share)
    left, _ = pace.left(rule, at_us, share)
    assert left is not None
    assert left.limit == requests
    told = [isinstance(pace.enter(rule, 1, at_us, share), TooFast) for _ in range(left.remaining + 2)]
    assert told[: left.remaining] == [False] * left.remaining
    assert told[-1], "at most a rounding more than was said"


@given(STEPS, st.integers(1_000, 5_000))
def test_a_minutes_tokens_are_there_again_when_it_is_said(steps: list[tuple[int, int]], tokens: int) -> None:
    rule = RateRule("key", tokens_per_minute=tokens)
    pace, at_us = Pace(), 10**15
    for later_us, count in steps:
        at_us += later_us
        pace.enter(rule, count, at_us)
    none, left = pace.left(rule, at_us)
    assert none is None
    assert left is not None
    assert 0 <= left.remaining <= tokens
    most = max((count for _, count in steps), default=0)  # one alone may be beyond a whole minute's
    assert left.reset_us <= MINUTE_US * max(tokens, most) // tokens + MINUTE_US
    again = pace.left(rule, at_us + left.reset_us)[1]
    assert again is not None
    assert (again.remaining, again.reset_us) == (tokens, 0)


@given(st.integers(1, 90), st.integers(1, 3))
def test_who_can_wait_leaves_half_of_a_minute_to_those_who_cannot(requests: int, share: int) -> None:
    rule, pace, at_us = RateRule("key", requests_per_minute=requests), Pace(), 10**15
    let_through = 0
    while (crowded := pace.crowded(rule, at_us, share)) is None:
        assert pace.enter(rule, 1, at_us, share) is None
        let_through += 1
    mine = max(1, requests // share)
    assert mine // 2 <= let_through <= mine // 2 + 1
    assert (crowded.what, crowded.limit) == ("requests_per_minute", requests)
    assert pace.crowded(rule, at_us + crowded.wait_us, share) is None, "it is worth asking again then"
    left, _ = pace.left(rule, at_us, share)
    assert left is not None
    assert left.remaining >= (mine - 1) // 2


def test_who_can_wait_leaves_half_of_the_answers_at_once() -> None:
    for at_once, most in ((1, 1), (2, 1), (5, 2), (8, 4)):
        rule, pace = RateRule("key", at_once=at_once), Pace()
        for _ in range(most):
            assert pace.crowded(rule, 0) is None
            assert pace.enter(rule, 1, 0) is None
        crowded = pace.crowded(rule, 0)
        assert crowded is not None
        assert crowded.what == "at_once"
        pace.leave(rule, 1, 1)
        assert pace.crowded(rule, 0) is None
