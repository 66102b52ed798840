"""Accrual: what each day's margin has of a deferred sum, so that a plan's income stands beside its cost day by day.

A day has all that time earns on it from its beginning on; what is used of a pack counts when it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import msgspec

from solvent.billing.recognition import DONE_US, Schedule, earned_by_time, earned_by_use
from solvent.db.port import Connection
from solvent.values.period import day_number, start_of_day

# Day, customer, plan, grains; written by margin.earned_store, a room beside this.
DayEarned = tuple[int, str, str, int]
AddEarned = Callable[[Connection, Sequence[DayEarned]], None]
DayPart = tuple[int, int]  # day, grains


def accrued_by_time(
    schedule: Schedule, today: int, in_zone: ZoneInfo, days_max: int
) -> tuple[list[DayPart], Schedule]:  # fmt: skip
    """What the next days, up to `days_max` of them and through today, have of it; and the schedule after them."""
    parts: list[DayPart] = []
    grains, from_us = schedule.accrued_grains, schedule.accrue_us
    day = day_number(from_us, in_zone) if from_us < DONE_US else today + 1
    while day <= today and len(parts) < days_max and from_us < DONE_US:
        end_us = start_of_day(day + 1, in_zone)
        earned = earned_by_time(schedule, end_us)
        parts.append((day, earned - grains))
        grains, from_us = earned, DONE_US if end_us >= schedule.until_us else end_us
        day += 1
    return parts, msgspec.structs.replace(schedule, accrued_grains=grains, accrue_us=from_us)


def accrued_by_use(
    schedule: Schedule, debits: int, used: int, today: int, in_zone: ZoneInfo
) -> tuple[list[DayPart], Schedule]:
    """What today has of a pack. debits: all that was taken out of its pot; used: the part that answers took.

    On its last day all of it is earned: what is not used by its end is breakage.
    """
    end_us = start_of_day(today + 1, in_zone)
    earned = earned_by_use(schedule, used, end_us).total
    accrue_us = DONE_US if end_us >= schedule.until_us else schedule.accrue_us
    part = (today, earned - schedule.accrued_grains)
    return [part], msgspec.structs.replace(schedule, accrued_grains=earned, accrue_us=accrue_us, pot_debits=debits)
