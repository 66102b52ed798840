"""The fleet that a load needs over the day: servers by the hour, and what they cost if all run always, or as needed.

What a server does is an estimate of the room capacity, with its interval; here it only meets a replayed load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.capacity.staffing import servers_for
from solvent.simulation.outcome import HourLoad

DAYS_A_MONTH: Final = 30.4375
HOURS_A_DAY: Final = 24
_THOUSANDTHS: Final = 1000


class Server(msgspec.Struct, frozen=True):
    """What one server of a model does. tokens_per_s: written, of all answers at once, as estimated and as the interval
    has it. level, evidence: how it is known. hour_grains: its rent; None where nobody said."""

    model: str
    hardware: str
    level: str
    evidence: str
    tokens_per_s: float
    tokens_per_s_low: float
    tokens_per_s_high: float
    hour_grains: int | None


class FleetHour(msgspec.Struct, frozen=True):
    """One hour of the day. servers: on a usual day. servers_peak: in the busiest such hour of any day, and as the
    server's interval has it. busy_permille: how busy those of the peak are on a usual day."""

    hour: int
    servers: int
    servers_peak: int
    servers_peak_low: int
    servers_peak_high: int
    busy_permille: int


class FleetNeeded(msgspec.Struct, frozen=True):
    """servers_always: enough for every hour. *_month_grains: a month's rent of so many, and of each hour's servers at
    its peak, hours that never came without any; None where the rent is not known. busy_permille: how busy those that
    always run are in the hours that came."""

    server: Server
    hours: tuple[FleetHour, ...]
    servers_always: int
    busy_permille: int
    always_month_grains: int | None
    by_hour_month_grains: int | None


def fleet_needed(hours: Sequence[HourLoad], server: Server) -> FleetNeeded:
    """hours: of an outcome, those of the day that came."""
    found = tuple(_hour(load, server) for load in hours)
    always = max((hour.servers_peak for hour in found), default=0)
    tokens = sum(load.tokens for load in hours) / _THOUSANDTHS
    busy = _busy(tokens, always * len(hours), server)
    if server.hour_grains is None:
        return FleetNeeded(server, found, always, busy, None, None)
    hours_of_all = round(always * HOURS_A_DAY * DAYS_A_MONTH)
    hours_of_each = round(sum(hour.servers_peak for hour in found) * DAYS_A_MONTH)
    return FleetNeeded(
        server, found, always, busy, hours_of_all * server.hour_grains, hours_of_each * server.hour_grains
    )  # fmt: skip


def _hour(load: HourLoad, server: Server) -> FleetHour:
    usual, peak = load.tokens / _THOUSANDTHS, load.tokens_peak / _THOUSANDTHS
    at_peak = servers_for(peak / server.tokens_per_s)
    return FleetHour(
        load.hour, servers_for(usual / server.tokens_per_s), at_peak, servers_for(peak / server.tokens_per_s_high),
        servers_for(peak / server.tokens_per_s_low), _busy(usual, at_peak, server),
    )  # fmt: skip


def _busy(tokens_per_s: float, servers: int, server: Server) -> int:
    return round(_THOUSANDTHS * tokens_per_s / (servers * server.tokens_per_s)) if servers else 0
