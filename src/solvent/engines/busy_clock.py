"""The busy clock: splits an engine's busy time among the answers it ran at once, exactly.

Each instant is shared equally by the answers present. One counter grows by dt/n while n are present;
an answer's share is the difference between its leaving and its coming (a virtual clock, as in fair
queueing; facts/ECONOMICS.md 1.5 without the per-token term). Shares sum to the busy time.
"""

from __future__ import annotations

from math import lcm
from typing import Final

SEATS_MAX: Final = 16
_SCALE: Final = lcm(*range(1, SEATS_MAX + 1))  # 720,720: every dt/n is then a whole number


class BusyClock:
    """Whole nanoseconds in, whole microseconds out; the remainder is carried, never lost."""

    __slots__ = ("_carried", "_present", "_seen_ns", "_virtual", "busy_ns")

    def __init__(self) -> None:
        self._virtual = 0
        self._seen_ns = 0
        self._present = 0
        self._carried = 0
        self.busy_ns = 0

    def come(self, now_ns: int) -> int:
        """An answer begins; keep what is returned until it leaves."""
        self._tick(now_ns)
        self._present += 1
        assert self._present <= SEATS_MAX, "more answers at once than the clock can share out exactly"
        return self._virtual

    def leave(self, came: int, now_ns: int) -> int:
        """An answer ends: its share of the busy time, in microseconds."""
        self._tick(now_ns)
        assert self._present > 0, "nobody leaves an empty engine"
        self._present -= 1
        scaled = self._virtual - came + self._carried
        share_us, self._carried = divmod(scaled, _SCALE * 1000)
        return share_us

    def _tick(self, now_ns: int) -> None:
        passed = max(0, now_ns - self._seen_ns)
        self._seen_ns = max(now_ns, self._seen_ns)
        if self._present:
            self._virtual += passed * (_SCALE // self._present)
            self.busy_ns += passed
