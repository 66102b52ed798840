"""The load of a trace over the day: how many answers and tokens a second a fleet has to serve."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from solvent.simulation.day import US_PER_HOUR, day_of
from solvent.simulation.outcome import HourLoad
from solvent.simulation.pots import starts_of
from solvent.simulation.trace import Whole


class Load:
    """Counts answers and written tokens by the hour."""

    def __init__(self) -> None:
        self.by_hour: dict[int, tuple[int, int]] = {}

    def take_in(self, at_us: Whole, written: Whole) -> None:
        """Answers in the order of time, and the tokens that were written for them."""
        hours = at_us // US_PER_HOUR
        starts = starts_of(hours)
        counts, tokens = np.diff(np.append(starts, len(hours))), np.add.reduceat(written, starts)
        pairs = zip(counts.tolist(), tokens.tolist(), strict=True)
        self.add(dict(zip(hours[starts].tolist(), pairs, strict=True)))

    def add(self, by_hour: dict[int, tuple[int, int]]) -> None:
        """What another one has counted."""
        for hour, (count, tokens) in by_hour.items():
            before = self.by_hour.get(hour, (0, 0))
            self.by_hour[hour] = (before[0] + count, before[1] + tokens)

    def hours(self, in_zone: ZoneInfo) -> tuple[HourLoad, ...]:
        """The day, hour by hour; see `day_of`."""
        return day_of(self.by_hour, in_zone)
