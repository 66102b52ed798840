"""Calendar days in a zone: they start when its people say so, also on the days clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.period import day_name, day_number, first_day, start_of_day, zone

SEOUL, NEW_YORK, UTC_ZONE = zone("Asia/Seoul"), zone("America/New_York"), zone("UTC")
# With a midnight that does not exist (Sao Paulo, Cairo), one that exists twice (Havana), half hours, and a lost day.
ODD = [zone(name) for name in ("America/Sao_Paulo", "Africa/Cairo", "America/Havana", "Asia/Kolkata",
                               "Australia/Lord_Howe", "Pacific/Chatham", "Europe/London")]  # fmt: skip
ZONES = [SEOUL, NEW_YORK, UTC_ZONE, *ODD]
INSTANTS = st.integers(
    int(datetime(1975, 1, 1, tzinfo=UTC).timestamp()) * 10**6, int(datetime(2090, 1, 1, tzinfo=UTC).timestamp()) * 10**6
)
HOUR_US = 3_600 * 10**6


@given(INSTANTS, st.sampled_from(ZONES))
@settings(deadline=None, max_examples=300)
def test_an_instant_lies_in_its_day(at_us: int, in_zone: ZoneInfo) -> None:
    day = day_number(at_us, in_zone)
    assert start_of_day(day, in_zone) <= at_us < start_of_day(day + 1, in_zone)
    local = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)
    assert day_name(day) == local.astimezone(in_zone).date().isoformat()


@given(st.integers(2_000, 43_000), st.sampled_from(ZONES))
@settings(deadline=None, max_examples=300)
def test_a_day_begins_with_its_first_instant(day: int, in_zone: ZoneInfo) -> None:
    start = start_of_day(day, in_zone)
    assert day_number(start, in_zone) == day
    assert day_number(start - 1, in_zone) == day - 1


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/New_York", "2026-11-02", 24),
        ("Asia/Seoul", "2026-03-08", 24),
        ("Asia/Seoul", "1988-05-08", 23),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(name: str, day: str, hours: int) -> None:
    in_zone = zone(name)
    number = date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
    assert start_of_day(number + 1, in_zone) - start_of_day(number, in_zone) == hours * HOUR_US


def test_one_instant_is_another_day_elsewhere() -> None:
    at_us = instant("2026-11-24T15:00:00Z", "at")
    assert day_name(day_number(at_us, SEOUL)) == "2026-11-25"
    assert day_name(day_number(at_us - 1, SEOUL)) == "2026-11-24"
    assert day_name(day_number(at_us, NEW_YORK)) == "2026-11-24"


def test_a_day_that_was_skipped_is_empty() -> None:
    apia = zone("Pacific/Apia")  # went from 29 to 31 December 2011 overnight
    skipped = date(2011, 12, 30).toordinal() - date(1970, 1, 1).toordinal()
    assert start_of_day(skipped, apia) == start_of_day(skipped + 1, apia)


def test_days_before_1970_are_below_zero() -> None:
    assert day_number(-1, UTC_ZONE) == -1
    assert day_name(-1) == "1969-12-31"


@pytest.mark.parametrize(
    "name",
    ["", "Asia", "asia/seoul", "Asia/Seoul ", "Asia/Seoul\n", "KST-9", "../../etc/passwd", "/etc/localtime", "a\x00b",
     "tzdata.zi", ".", "x" * 5_000, "\ud800"],
)  # fmt: skip
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        zone(name)
    assert (caught.value.code, caught.value.param) == ("unknown_time_zone", "time_zone")


@pytest.mark.parametrize(
    ("since", "day"), [("1d", "2026-11-24"), ("7d", "2026-11-18"), ("30d", "2026-10-26"), ("2026-11-01", "2026-11-01")]
)
def test_a_report_begins_with_a_day_counted_from_today(since: str, day: str) -> None:
    now_us = instant("2026-11-23T15:00:00Z", "now")  # midnight of the 24th in Seoul
    assert day_name(first_day(since, now_us, SEOUL)) == day


@pytest.mark.parametrize(
    "since",
    ["", "d", "0d", "000d", "-1d", "7 d", "7d ", "7d\n", "7days", "100000d", "yesterday", "2026-02-30", "2026-11"],
)
def test_a_report_begins_with_nothing_else(since: str) -> None:
    with pytest.raises(Invalid) as caught:
        first_day(since, 0, SEOUL)
    assert (caught.value.code, caught.value.param) == ("not_a_date", "since")
