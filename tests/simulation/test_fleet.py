"""A fleet over the day: enough for each hour, some to spare, and never dearer by the hour than always."""

from __future__ import annotations

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from solvent.simulation.fleet import DAYS_A_MONTH, Server, fleet_needed
from solvent.simulation.outcome import HourLoad

SERVER = Server("m", "4xH100", "bare formula", "", 1000.0, 500.0, 2000.0, 10**10)
LOADS = st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 10**8)), min_size=1, max_size=24)


def hours(loads: list[tuple[int, int]]) -> list[HourLoad]:
    return [HourLoad(n, 0, 0, min(pair), max(pair)) for n, pair in enumerate(loads)]


@given(LOADS)
def test_every_hour_is_served_and_by_the_hour_is_never_dearer(loads: list[tuple[int, int]]) -> None:
    found = fleet_needed(hours(loads), SERVER)
    assert found.always_month_grains is not None
    assert found.by_hour_month_grains is not None
    assert found.by_hour_month_grains <= found.always_month_grains
    for load, hour in zip(hours(loads), found.hours, strict=True):
        assert hour.servers <= hour.servers_peak <= found.servers_always
        assert hour.servers_peak * SERVER.tokens_per_s * 1000 >= load.tokens_peak
        assert hour.servers_peak_low <= hour.servers_peak <= hour.servers_peak_high
        assert 0 <= hour.busy_permille <= 1000


def test_a_day_by_hand() -> None:
    found = fleet_needed([HourLoad(9, 0, 0, 1_000_000, 4_000_000), HourLoad(10, 0, 0, 0, 1_000_000)], SERVER)
    assert [(hour.servers, hour.servers_peak, hour.busy_permille) for hour in found.hours] == [(2, 6, 167), (0, 2, 0)]
    assert (found.servers_always, found.busy_permille) == (6, 83)
    assert found.always_month_grains == round(6 * 24 * DAYS_A_MONTH) * 10**10
    assert found.by_hour_month_grains == round(8 * DAYS_A_MONTH) * 10**10
    assert found.hours[0].servers_peak_high == math.ceil(8 + math.sqrt(8))


def test_no_rent_is_no_cost_and_no_hours_are_no_servers() -> None:
    free = msgspec.structs.replace(SERVER, hour_grains=None)
    assert fleet_needed(hours([(1, 2)]), free).always_month_grains is None
    assert fleet_needed([], SERVER).servers_always == 0
