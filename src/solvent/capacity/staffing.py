"""How many servers a load needs, and what the hours cost in which they wait: its own line, never smeared."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import msgspec

# Servers beyond the load, in square roots of it, so that few answers wait.
# Source: square-root staffing with a factor of one, facts/ECONOMICS.md 1.6.
SPARE_ROOTS: Final = 1.0


class RentSplit(msgspec.Struct, frozen=True):
    """Rent that answers used and rent that nobody did, in grains; they sum to all of it. *_each: of one answer, 0
    without answers."""

    busy_grains: int
    idle_grains: int
    busy_each_grains: int
    idle_each_grains: int


def servers_for(load: float) -> int:
    """load: in servers that would always be busy. So many, and some to spare: R + root(R), rounded up; 0 for 0."""
    return math.ceil(load + SPARE_ROOTS * math.sqrt(load))


def rent_split(rent_grains: int, busy: float, answers: int) -> RentSplit:
    """A span's rent by the share of it in which servers were busy, and by its answers, rounded down."""
    used = int(rent_grains * Fraction(min(max(busy, 0.0), 1.0)))
    idle = rent_grains - used
    each = (used // answers, idle // answers) if answers else (0, 0)
    return RentSplit(used, idle, *each)
