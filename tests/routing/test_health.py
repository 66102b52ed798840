"""The circuit breaker: it shuts after failures in a row, lets one question try again, and opens by its success."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.routing.health import FAILURES_TO_SHUT, PAUSE_US, PAUSE_US_MAX, TOLD_US, TRIAL_US, Health

NOW = 10**15
FAULTS = st.sampled_from(("upstream_failed", "upstream_timeout", "upstream_busy", "upstream_key_refused"))


def shut(now_us: int = NOW) -> Health:
    health = Health()
    for _ in range(FAILURES_TO_SHUT):
        health.fail("upstream_failed", now_us)
    return health


def test_a_few_failures_in_a_row_shut_it_and_fewer_do_not() -> None:
    health = Health()
    for _ in range(FAILURES_TO_SHUT - 1):
        health.fail("upstream_failed", NOW)
    assert health.is_open(NOW)
    health.succeed(5)
    health.fail("upstream_failed", NOW)
    assert health.is_open(NOW), "they were not in a row"
    assert not shut().is_open(NOW + PAUSE_US - 1)


def test_after_its_pause_one_question_tries_and_the_others_keep_away() -> None:
    health, later = shut(), NOW + PAUSE_US
    assert health.is_open(later)
    health.ask(later)
    assert not health.is_open(later + 1)
    assert health.is_open(later + TRIAL_US), "a trial of which nothing is heard is forgotten"
    health.succeed(5)
    assert health.is_open(later + 1)
    assert health.shut_until_us == 0


def test_a_trial_that_fails_doubles_the_pause_up_to_a_bound() -> None:
    health, now = shut(), NOW
    for n in range(1, 9):
        now = health.shut_until_us
        health.ask(now)
        health.fail("upstream_failed", now)
        assert health.shut_until_us - now == min(PAUSE_US_MAX, PAUSE_US * 2**n)


def test_it_is_left_alone_for_as_long_as_it_asks_to_be() -> None:
    health = Health()
    health.fail("upstream_busy", NOW, retry_after_s=7)
    assert (health.is_open(NOW + 6_999_999), health.is_open(NOW + 7_000_000)) == (False, True)
    other = Health()
    other.fail("upstream_busy", NOW, retry_after_s=10**9)
    assert other.shut_until_us == NOW + PAUSE_US_MAX
    refused = Health()
    refused.fail("upstream_key_refused", NOW)
    assert not refused.is_open(NOW + PAUSE_US)


@given(st.lists(st.one_of(FAULTS, st.integers(1, 10**9)), max_size=40), st.integers(0, PAUSE_US_MAX))
def test_it_is_never_shut_for_longer_than_the_bound_and_one_success_opens_it(
    told: list[str | int], later_us: int
) -> None:
    health = Health()
    for one in told:
        if isinstance(one, int):
            health.succeed(one)
        else:
            health.fail(one, NOW, None)
    assert health.is_open(NOW + PAUSE_US_MAX)
    health.succeed(3)
    assert health.is_open(NOW + later_us)
    assert health.latency_us > 0


def test_what_is_known_of_its_latency_follows_it() -> None:
    health = Health()
    health.succeed(800)
    assert health.latency_us == 800
    for _ in range(60):
        health.succeed(80)
    assert 80 <= health.latency_us <= 90


def test_a_key_with_nothing_left_rests_although_it_answers() -> None:
    health = Health()
    health.rest(7, 0)
    health.succeed(10)
    assert not health.is_open(6_999_999)
    assert health.shut_until_us == 7_000_000
    assert health.is_open(7_000_000)
    health.rest(10_000, 0)
    assert health.is_open(PAUSE_US_MAX), "nobody rests for ever"


def test_it_fails_from_its_pause_on_until_it_answers_again_and_not_for_ever() -> None:
    health = Health()
    assert health.failing(NOW) is None
    for second in range(FAILURES_TO_SHUT):
        assert health.failing(NOW) is None, "one failure is no trouble"
        health.fail("upstream_timeout", NOW + second)
    told = health.failing(NOW + 5)
    assert told is not None
    assert (told.fault, told.since_us, told.until_us) == ("upstream_timeout", NOW, health.shut_until_us)
    late = health.shut_until_us + 1
    assert health.failing(late) == told, "its pause is over, and nobody knows that it is well"
    health.ask(late)
    assert health.failing(late) == told, "while it is tried"
    health.fail("upstream_failed", late)
    again = health.failing(late)
    assert again is not None
    assert (again.fault, again.since_us) == ("upstream_failed", NOW)
    assert health.failing(late + TOLD_US) is None, "nobody has asked it since"
    health.succeed(5)
    assert health.failing(late) is None
    health.fail("upstream_failed", late + 9)
    assert health.failing(late + 9) is None


def test_it_rests_while_it_said_that_it_would_answer_nothing_more() -> None:
    health = Health()
    health.rest(3, NOW)
    health.rest(5, NOW + 1_000_000)
    told = health.failing(NOW + 2_000_000)
    assert told is not None
    assert (told.fault, told.since_us, told.until_us) == ("upstream_busy", NOW, NOW + 6_000_000)
    assert health.failing(NOW + 6_000_000) is None
