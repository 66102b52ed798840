"""What an engine of ours cost while nobody asked: the price of being there, a line of its own beside answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.money import Money


class Availability(msgspec.Struct, frozen=True):
    """One stretch of one engine's time. Its fields are the columns of `availability`, in their order.

    day: that it was booked on, in the operator's time zone. busy_us: while answers were there, which pay for it.
    idle_us, idle_uj: while none was. energy_estimated: idle_uj is 0, because the machine does not say what it draws.
    idle_grains: what that cost, in `currency`, by `cost_card`.
    """

    id: str
    day: int
    model: str
    from_us: int
    until_us: int
    busy_us: int
    idle_us: int
    idle_uj: int
    energy_estimated: int
    currency: str
    idle_grains: int
    cost_card: str

    @property
    def idle(self) -> Money:
        """What being there cost."""
        return Money(self.idle_grains, self.currency)


class AvailabilityLine(msgspec.Struct, frozen=True):
    """The same of one model, summed over some days."""

    model: str
    currency: str
    busy_us: int
    idle_us: int
    idle_uj: int
    idle_grains: int
    energy: Literal["measured", "unknown"]

    @property
    def idle(self) -> Money:
        """What being there cost."""
        return Money(self.idle_grains, self.currency)

    @property
    def busy_permille(self) -> int:
        """How much of its time it answered, in thousandths, rounded down."""
        up_us = self.busy_us + self.idle_us
        return self.busy_us * 1000 // up_us if up_us else 0
