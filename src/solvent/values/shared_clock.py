"""A shared clock: splits what a batch takes among those in it, exactly, in whole units, with O(1) work for each event.

The cost of a step is what each member adds (its own) and what is paid once (shared): an additive game with a fixed
cost, whose Shapley value is `own + shared / members`. One counter grows by that quotient while members come and go, so
what a member owes is how far it went between coming and leaving, as in fair queueing. Source: facts/ECONOMICS.md 1.5.
"""

from __future__ import annotations

from math import lcm
from typing import Final

# Whole parts of a unit. Up to 16 members every quotient is then a whole number; beyond, a rest is carried to the next
# step, which moves a share by less than members / PARTS of a unit with every change of members, and no sum at all.
PARTS: Final = lcm(*range(1, 17))


class Stay:
    """One member from its coming to its leaving. Made by `SharedClock.come` only."""

    __slots__ = ("_from", "_owed", "is_reading")

    def __init__(self, came: int, *, is_reading: bool) -> None:
        self._from = came
        self._owed = 0
        self.is_reading = is_reading


class SharedClock:
    """Shares out any quantity: nanoseconds, nanojoules, picos. `unit`: how many of them a share is counted in.

    Members that read a question are apart from those that write: while somebody reads, what passes is theirs, because
    they are what it passes for. Where steps are known instead, nobody reads, and what a member adds is its `own`.

    Shares are rounded down with the rest carried to whoever leaves next: so in the order of leaving their sum is the
    exact sum rounded down, at any time; once everybody has left, less than one unit is still carried.
    """

    __slots__ = ("_carried", "_members", "_readers", "_reading", "_rests", "_unit", "_writing", "busy", "idle")

    def __init__(self, unit: int = 1) -> None:
        self._unit = unit * PARTS
        self._reading = self._writing = 0
        self._rests = [0, 0]  # of the writers' quotients, and of the readers'
        self._members = self._readers = 0
        self._carried = 0
        self.busy = 0
        self.idle = 0

    @property
    def members(self) -> int:
        """How many are in the batch now."""
        return self._members

    def come(self, *, is_reading: bool = False) -> Stay:
        """A member comes; keep what is returned until it leaves."""
        self._members += 1
        self._readers += is_reading
        return Stay(self._reading if is_reading else self._writing, is_reading=is_reading)

    def begin(self, stay: Stay) -> None:
        """A member has read, and writes from now on. Nothing, where it does already."""
        if stay.is_reading:
            stay._owed += self._reading - stay._from
            self._leave_readers(stay)
            stay.is_reading, stay._from = False, self._writing

    def spend(self, amount: int) -> None:
        """So much passed: it is the readers', else the writers', and idle where nobody is there."""
        if not self._members:
            self.idle += amount
            return
        self.busy += amount
        if self._readers:
            passed, self._rests[1] = divmod(amount * PARTS + self._rests[1], self._readers)
            self._reading += passed
        else:
            passed, self._rests[0] = divmod(amount * PARTS + self._rests[0], self._members)
            self._writing += passed

    def own(self, stay: Stay, amount: int) -> None:
        """A member alone took so much, beside what is shared."""
        self.busy += amount
        stay._owed += amount * PARTS

    def leave(self, stay: Stay) -> int:
        """A member ends, whatever happened to it: what it owes, in units. A stay is left once."""
        assert self._members > 0, "nobody leaves an empty batch"
        owed = stay._owed + (self._reading if stay.is_reading else self._writing) - stay._from
        if stay.is_reading:
            stay._owed = 0
            self._leave_readers(stay)
            owed += stay._owed
        self._members -= 1
        if not self._members:  # nobody is left whom a rest could go to with the next step
            owed += self._rests[0]
            self._rests[0] = 0
        share, self._carried = divmod(owed + self._carried, self._unit)
        return share

    def _leave_readers(self, stay: Stay) -> None:
        self._readers -= 1
        if not self._readers:
            stay._owed += self._rests[1]
            self._rests[1] = 0
