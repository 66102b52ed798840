"""Dunning: when a renewal that could not be charged is tried again, and when to stop trying."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import msgspec

from solvent.values.errors import Invalid
from solvent.values.instant import US_PER_S

_DAY_US: Final = 86_400 * US_PER_S
RETRIES_MAX: Final = 20
DAYS_MAX: Final = 90


class Schedule(msgspec.Struct, frozen=True):
    """retry_days: after the first failure, so many days of 24 hours; growing. When all have failed, it ends."""

    retry_days: tuple[int, ...] = (1, 3, 5, 7)

    def __post_init__(self) -> None:
        days = self.retry_days
        ordered = all(a < b for a, b in pairwise(days))
        if len(days) > RETRIES_MAX or not ordered or any(not 1 <= day <= DAYS_MAX for day in days):
            message = (
                f"retry_days: up to {RETRIES_MAX} growing numbers of days from 1 to {DAYS_MAX}, such as [1, 3, 5, 7]"
            )
            raise Invalid("bad_schedule", message, param="retry_days")


DEFAULT: Final = Schedule()


def next_attempt(schedule: Schedule, failures: int, first_failed_us: int) -> int | None:
    """The instant of the next try after so many failures, the first of them at `first_failed_us`; None to give up."""
    assert failures >= 1, "there is nothing to try again before it has failed"
    if failures > len(schedule.retry_days):
        return None
    return first_failed_us + schedule.retry_days[failures - 1] * _DAY_US


def gives_up_us(schedule: Schedule, first_failed_us: int) -> int:
    """The instant of the last try: if that fails too, the subscription ends."""
    return first_failed_us + (schedule.retry_days[-1] if schedule.retry_days else 0) * _DAY_US
