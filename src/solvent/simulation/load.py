"""The load of a trace over the day: how many answers and tokens a second a fleet has to serve."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from solvent.simulation.outcome import HourLoad
from solvent.simulation.pots import starts_of
from solvent.simulation.trace import Whole
from solvent.values.instant import utc

_US_PER_HOUR: Final = 3_600_000_000
_HOURS_PER_DAY: Final = 24


class Load:
    """Counts answers and written tokens by the hour."""

    def __init__(self) -> None:
        self._by_hour: dict[int, tuple[int, int]] = {}

    def take_in(self, at_us: Whole, written: Whole) -> None:
        """Answers in the order of time, and the tokens that were written for them."""
        hours = at_us // _US_PER_HOUR
        starts = starts_of(hours)
        counts, tokens = np.diff(np.append(starts, len(hours))), np.add.reduceat(written, starts)
        for hour, count, more in zip(hours[starts].tolist(), counts.tolist(), tokens.tolist(), strict=True):
            before = self._by_hour.get(hour, (0, 0))
            self._by_hour[hour] = (before[0] + count, before[1] + more)

    def hours(self, in_zone: ZoneInfo) -> tuple[HourLoad, ...]:
        """The day, hour by hour, over all days from the first answer to the last; hours that never came are left out.

        Zones that are not whole hours from UTC count with the hour that begins last.
        """
        if not self._by_hour:
            return ()
        by_clock: dict[int, list[tuple[int, int]]] = {}
        for hour in range(min(self._by_hour), max(self._by_hour) + 1):
            local = (utc(hour * _US_PER_HOUR).astimezone(in_zone) + timedelta(minutes=30)).hour % _HOURS_PER_DAY
            by_clock.setdefault(local, []).append(self._by_hour.get(hour, (0, 0)))
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
