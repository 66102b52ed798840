"""What an answer draws: a share of what its boards may draw at most, up to the wall and to the meter of the house."""

from __future__ import annotations

from typing import Final

from solvent.capacity.hardware import Fleet

# Boards under load draw 0.73 of their maximum at the median of 456 points (ML.ENERGY v3); facts/ECONOMICS.md 1.7.
DRAWN: Final = 0.73
# Wall over boards of a whole node: 1.18 to 1.30 measured (MLPerf v5.1, B200 nodes).
WALL: Final = 1.3
JOULES_PER_WATT_HOUR: Final = 3_600.0


def board_joules_per_token(fleet: Fleet, step_s: float, batch: float) -> float:
    """Of the boards alone, which is what leaderboards measure."""
    return DRAWN * fleet.count * fleet.device.watts * step_s / batch


def metered_watt_hours(board_joules: float, pue: float) -> float:
    """As the electricity meter counts them. pue: all a building draws over what its machines do, from 1."""
    return board_joules * WALL * pue / JOULES_PER_WATT_HOUR
