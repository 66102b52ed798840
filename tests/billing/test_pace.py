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
