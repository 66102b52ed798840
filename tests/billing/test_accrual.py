"""What days have of a schedule sums to the whole, however often anybody looks, in any time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.accrual import accrued_by_time, accrued_by_use
from solvent.billing.recognition import DONE_US, Schedule, earned_between
from solvent.values.ids import CustomerId
from solvent.values.instant import instant
from solvent.values.period import day_number, start_of_day

DAY_US = 86_400 * 10**6
SEOUL = ZoneInfo("Asia/Seoul")
SPRING_US = instant("2026-03-01T00:00:00Z", "spring")  # clocks change in it, in some zones
ZONES = st.sampled_from([SEOUL, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])


def schedule(grains: int, from_us: int, until_us: int, pot: str = "", pieces: int = 0) -> Schedule:
    return Schedule(
        id="inv_1.1", customer=CustomerId("cus_1"), plan="pro", account="deferred:sub_1",
        revenue_account="revenue:subscriptions", currency="KRW", grains=grains, from_us=from_us, until_us=until_us,
        pot=pot, pieces=pieces, recognised_grains=0, attention_us=from_us, accrued_grains=0,
        accrue_us=until_us - 1 if pot else from_us, pot_debits=0,
    )  # fmt: skip


SCHEDULES = st.builds(
    lambda grains, start, length: schedule(grains, SPRING_US + start, SPRING_US + start + length),
    st.integers(-(10**13), 10**13),
    st.integers(0, 40 * DAY_US),
    st.integers(1, 90 * DAY_US),
)


@given(SCHEDULES, ZONES, st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40)), max_size=30))
@settings(deadline=None)
def test_days_sum_to_the_whole_and_each_has_what_its_time_earns(
    whole: Schedule, in_zone: ZoneInfo, looks: list[tuple[int, int]]
) -> None:
    """looks: how many days later somebody looks again, and how many days they take at most."""
    first, last = (day_number(at_us, in_zone) for at_us in (whole.from_us, whole.until_us))
    today, now, days = first, whole, dict[int, int]()
    for later, days_max in [*looks, (200, 400)]:
        today += later
        parts, now = accrued_by_time(now, today, in_zone, days_max)
        assert len(parts) <= days_max
        for day, grains in parts:
            assert day not in days, "a day gets its part once"
            assert first <= day <= min(today, last)
            days[day] = grains
        assert sum(days.values()) == now.accrued_grains
    assert now == msgspec.structs.replace(whole, accrued_grains=whole.grains, accrue_us=DONE_US)
    assert accrued_by_time(now, today + 1, in_zone, 9) == ([], now), "then there is nothing more"
    rebuilt = {
        day: earned_between(whole, start_of_day(day, in_zone), start_of_day(day + 1, in_zone))
        for day in range(first, last + 1)
    }
    assert days == {day: grains for day, grains in rebuilt.items() if day in days}
    assert not any(grains for day, grains in rebuilt.items() if day not in days)


def test_the_whole_day_counts_from_its_beginning() -> None:
    whole = schedule(30 * 10**7, start_of_day(20_000, SEOUL) + DAY_US // 2, start_of_day(20_030, SEOUL) + DAY_US // 2)
    assert accrued_by_time(whole, 19_999, SEOUL, 9) == ([], whole), "tomorrow's is tomorrow's"
    parts, after = accrued_by_time(whole, 20_001, SEOUL, 9)
    assert parts == [(20_000, 10**7 // 2), (20_001, 10**7)]
    assert after.accrue_us == start_of_day(20_002, SEOUL)


def test_a_pack_counts_as_it_is_used_and_whole_on_its_last_day() -> None:
    until_us = start_of_day(20_010, SEOUL) + 7
    pack = schedule(1_000, start_of_day(20_000, SEOUL), until_us, "allowance:cus_1:pack_1", 100)
    parts, pack = accrued_by_use(pack, 40, 37, 20_003, SEOUL)
    assert (parts, pack.accrued_grains, pack.pot_debits, pack.accrue_us) == ([(20_003, 370)], 370, 40, until_us - 1)
    parts, pack = accrued_by_use(pack, 45, 42, 20_009, SEOUL)
    assert parts == [(20_009, 50)]
    parts, pack = accrued_by_use(pack, 45, 42, 20_010, SEOUL)
    assert (parts, pack.accrued_grains, pack.accrue_us) == ([(20_010, 580)], 1_000, DONE_US)


def test_a_pack_that_ends_with_a_day_is_whole_on_that_day() -> None:
    pack = schedule(1_000, 0, start_of_day(20_010, SEOUL), "allowance:cus_1:pack_1", 100)
    assert accrued_by_use(pack, 0, 0, 20_008, SEOUL)[0] == [(20_008, 0)]
    assert accrued_by_use(pack, 0, 0, 20_009, SEOUL)[0] == [(20_009, 1_000)]
