"""The day that hours of many days make: how much each hour of the clock has to serve, usually and at its busiest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from solvent.simulation.outcome import HourLoad
from solvent.values.instant import utc

US_PER_HOUR: Final = 3_600_000_000
_HOURS_PER_DAY: Final = 24


def day_of(by_hour: Mapping[int, tuple[int, int]], in_zone: ZoneInfo) -> tuple[HourLoad, ...]:
    """The day, hour by hour, over all days from the first answer to the last; hours that never came are left out.

    by_hour: answers and written tokens of hours since 1970-01-01 in UTC. Zones that are not whole hours from UTC count
    with the hour that begins last.
    """
    if not by_hour:
        return ()
    by_clock: dict[int, list[tuple[int, int]]] = {}
    for hour in range(min(by_hour), max(by_hour) + 1):
        local = (utc(hour * US_PER_HOUR).astimezone(in_zone) + timedelta(minutes=30)).hour % _HOURS_PER_DAY
        by_clock.setdefault(local, []).append(by_hour.get(hour, (0, 0)))
    return tuple(_load(clock, by_clock[clock]) for clock in sorted(by_clock))


def _load(clock: int, found: list[tuple[int, int]]) -> HourLoad:
    answers, tokens = ([pair[n] for pair in found] for n in (0, 1))
    days = len(found)
    return HourLoad(
        clock, _milli(sum(answers), days), _milli(max(answers), 1), _milli(sum(tokens), days), _milli(max(tokens), 1)
    )


def _milli(count: int, hours: int) -> int:
    """Thousandths a second."""
    return count * 1000 // (3_600 * hours)
