"""Dunning: tries at the days of the schedule after the first failure, then an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.till.tills import NOON_US

from solvent.billing.dunning import DAYS_MAX, DEFAULT, RETRIES_MAX, Schedule, gives_up_us, next_attempt
from solvent.values.errors import Invalid

DAY_US = 86_400_000_000
SCHEDULES = st.lists(st.integers(1, DAYS_MAX), unique=True, max_size=RETRIES_MAX).map(
    lambda d: Schedule(tuple(sorted(d)))
)


def test_a_renewal_is_tried_again_after_1_3_5_and_7_days() -> None:
    days = [(next_attempt(DEFAULT, failures, NOON_US) or 0) - NOON_US for failures in (1, 2, 3, 4)]
    assert days == [DAY_US, 3 * DAY_US, 5 * DAY_US, 7 * DAY_US]
    assert next_attempt(DEFAULT, 5, NOON_US) is None


@given(SCHEDULES, st.integers(0, 2**60))
def test_tries_come_one_after_another_and_end(schedule: Schedule, first_us: int) -> None:
    tries, failures = [first_us], 1
    while (at_us := next_attempt(schedule, failures, first_us)) is not None:
        assert at_us > tries[-1]
        assert (at_us - first_us) % DAY_US == 0
        tries.append(at_us)
        failures += 1
    assert len(tries) == 1 + len(schedule.retry_days)
    assert tries[-1] == gives_up_us(schedule, first_us)
    assert next_attempt(schedule, failures + 1, first_us) is None


def test_without_retries_the_first_failure_is_the_last() -> None:
    assert next_attempt(Schedule(()), 1, NOON_US) is None
    assert gives_up_us(Schedule(()), NOON_US) == NOON_US


@pytest.mark.parametrize("days", [(0,), (3, 1), (1, 1), (DAYS_MAX + 1,), tuple(range(1, RETRIES_MAX + 2))])
def test_a_schedule_that_makes_no_sense_is_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(Invalid, match="retry_days"):
        Schedule(days)


def test_nothing_is_retried_before_it_has_failed() -> None:
    with pytest.raises(AssertionError):
        next_attempt(DEFAULT, 0, NOON_US)
