"""The busy clock: what each answer of an engine takes of its time and energy, and what nobody does.

The engine is a black box here: it says when an answer's first token came, not what each step did. So who reads a
question pays for the time until then, and writers share the rest equally; see `values.shared_clock`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.engines.port import Effort, Level, Upkeep
from solvent.values.shared_clock import SharedClock, Stay

_NS_PER_US: Final = 1_000
_PJ_PER_UJ: Final = 10**6  # a milliwatt for a nanosecond is a picojoule


class Present(msgspec.Struct):
    """An answer on the engine, until it leaves. level: by what its share is known."""

    time: Stay
    energy: Stay
    level: Level = "phases"


class BusyClock:
    """Takes nanoseconds of a clock that never runs back, and what the machine draws in milliwatts since the last call.

    estimated: power is worked out from a rating, which says nothing of what an idle machine draws: that is then 0.
    shared_by: engines that have the machine together, each with such a clock: each counts one part of so many of its
    time, and of what the machine draws; a rating is of the engine's own threads as it is.
    """

    __slots__ = ("_energy", "_estimated", "_ns", "_pj", "_seen_ns", "_time")

    def __init__(self, now_ns: int = 0, *, estimated: bool = False, shared_by: int = 1) -> None:
        self._ns = _NS_PER_US * shared_by  # of this engine, in which a microsecond of the machine passes
        self._pj = _PJ_PER_UJ * (1 if estimated else shared_by)
        self._time = SharedClock(self._ns)
        self._energy = SharedClock(self._pj)
        self._seen_ns = now_ns
        self._estimated = estimated

    def come(self, now_ns: int, milliwatts: int) -> Present:
        """An answer begins; keep what is returned until it leaves."""
        self._tick(now_ns, milliwatts)
        return Present(self._time.come(is_reading=True), self._energy.come(is_reading=True))

    def begin(self, present: Present, now_ns: int, milliwatts: int, level: Level) -> None:
        """An answer has read its question, and writes from now on; nothing, where it does already."""
        self._tick(now_ns, milliwatts)
        if present.time.is_reading:
            present.level = level
            self._time.begin(present.time)
            self._energy.begin(present.energy)

    def leave(self, present: Present, now_ns: int, milliwatts: int) -> Effort:
        """An answer ends: its share of time and energy."""
        self._tick(now_ns, milliwatts)
        engine_us, energy_uj = self._time.leave(present.time), self._energy.leave(present.energy)
        return Effort(engine_us, energy_uj, self._estimated, present.level)

    def upkeep(self, now_ns: int, milliwatts: int) -> Upkeep:
        """All of it until now, since the clock began."""
        self._tick(now_ns, milliwatts)
        return Upkeep(
            self._time.busy // self._ns, self._time.idle // self._ns, self._energy.idle // self._pj, self._estimated,
        )  # fmt: skip

    def _tick(self, now_ns: int, milliwatts: int) -> None:
        passed_ns = max(0, now_ns - self._seen_ns)
        self._seen_ns = max(now_ns, self._seen_ns)
        self._time.spend(passed_ns)
        if self._time.members or not self._estimated:
            self._energy.spend(passed_ns * milliwatts)
