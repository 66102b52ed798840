"""What draws of a year come to, as runs keep it and pages read it."""

from __future__ import annotations

import msgspec


class Swing(msgspec.Struct, frozen=True):
    """What one assumption is worth: the year's profit in grains at its low and its high end, all others as usual."""

    assumption: str
    low_grains: int
    high_grains: int


class Bin(msgspec.Struct, frozen=True):
    """How many draws leave at least low_grains and less than high_grains; in the last bin, at most."""

    low_grains: int
    high_grains: int
    draws: int
