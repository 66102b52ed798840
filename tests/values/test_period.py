"""Calendar days in a zone: they start when its people say so, also on the days clocks are changed."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.period import (
    MONTHS,
    Every,
    day_name,
    day_number,
    edge,
    first_day,
    month_number,
    next_month,
    period,
    period_at,
    start_of_day,
    start_of_month,
    zone,
)

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


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_refused_by_name(day: str) -> None:
    with pytest.raises(Invalid, match=r"until: .* from 1970 through 9000") as caught:
        first_day(day, 0, SEOUL, "until")
    assert (caught.value.code, caught.value.param) == ("not_a_date", "until")
    for last in ("1970-01-01", "9000-12-31"):
        assert day_name(first_day(last, 0, SEOUL)) == last


@given(st.integers(1975, 2090), st.integers(1, 12), st.sampled_from(ZONES))
@settings(deadline=None, max_examples=200)
def test_a_month_begins_with_its_first_instant_and_the_next_follows(year: int, month: int, in_zone: ZoneInfo) -> None:
    number = year * 100 + month
    start = start_of_month(number, in_zone)
    assert month_number(start, in_zone) == number
    assert month_number(start - 1, in_zone) < number
    assert month_number(start_of_month(next_month(number), in_zone) - 1, in_zone) == number


EVERY = st.sampled_from(list(MONTHS))
NUMBERS = st.integers(-40, 400)


def local(at_us: int, in_zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(in_zone)


def at(text: str) -> int:
    return instant(text, "at")


@given(INSTANTS, EVERY, NUMBERS, st.sampled_from(ZONES))
@settings(deadline=None, max_examples=400)
def test_periods_tile_time(anchor: int, every: Every, number: int, in_zone: ZoneInfo) -> None:
    this, following = (period(anchor, every, n, in_zone) for n in (number, number + 1))
    assert this.end_us == following.start_us
    assert this.length_us >= 27 * 24 * HOUR_US
    for inside in (this.start_us, this.start_us + 1, (this.start_us + this.end_us) // 2, this.end_us - 1):
        assert this.holds(inside)
        assert period_at(anchor, every, inside, in_zone) == this


@given(INSTANTS, EVERY, NUMBERS, st.sampled_from(ZONES))
@settings(deadline=None, max_examples=200)
def test_the_instant_of_an_edge_belongs_to_what_begins_there(
    anchor: int, every: Every, number: int, in_zone: ZoneInfo
) -> None:
    this = period(anchor, every, number, in_zone)
    assert not this.holds(this.end_us)
    assert period_at(anchor, every, this.end_us, in_zone).number == number + 1
    assert period_at(anchor, every, this.start_us - 1, in_zone).number == number - 1


@given(INSTANTS, INSTANTS, EVERY, st.sampled_from(ZONES))
@settings(deadline=None, max_examples=300)
def test_every_instant_lies_in_one_period(anchor: int, at_us: int, every: Every, in_zone: ZoneInfo) -> None:
    found = period_at(anchor, every, at_us, in_zone)
    assert found.holds(at_us)
    assert found == period(anchor, every, found.number, in_zone)
    assert period_at(anchor, every, anchor, in_zone).number == 0
    assert period_at(anchor, every, anchor, in_zone).start_us == anchor


@given(INSTANTS, st.integers(-40, 400), st.sampled_from(ZONES))
@settings(deadline=None, max_examples=300)
def test_the_day_of_the_month_is_kept_where_the_month_has_it(anchor: int, months: int, in_zone: ZoneInfo) -> None:
    began, there = local(anchor, in_zone), local(edge(anchor, months, in_zone), in_zone)
    assert (there.year * 12 + there.month) - (began.year * 12 + began.month) == months
    assert there.day == min(began.day, monthrange(there.year, there.month)[1])


@pytest.mark.parametrize(
    ("anchor", "every", "edges"),
    [
        (
            "2027-01-31T09:00:00+09:00",
            "month",
            ["2027-02-28T09:00:00+09:00", "2027-03-31T09:00:00+09:00", "2027-04-30T09:00:00+09:00"],
        ),
        ("2028-01-31T00:00:00+09:00", "month", ["2028-02-29T00:00:00+09:00", "2028-03-31T00:00:00+09:00"]),
        ("2027-01-30T00:00:00+09:00", "month", ["2027-02-28T00:00:00+09:00", "2027-03-30T00:00:00+09:00"]),
        (
            "2028-02-29T12:00:00+09:00",
            "year",
            [f"{year}-02-{28 if year % 4 else 29}T12:00:00+09:00" for year in range(2029, 2034)],
        ),
        ("2026-12-15T23:59:59+09:00", "month", ["2027-01-15T23:59:59+09:00"]),
    ],
)
def test_month_ends_and_leap_years(anchor: str, every: Every, edges: list[str]) -> None:
    ends = [period(at(anchor), every, number, SEOUL).end_us for number in range(len(edges))]
    assert ends == [at(text) for text in edges]


@pytest.mark.parametrize(
    ("anchor", "in_zone", "months", "there"),
    [
        ("2026-02-08T02:30:00-05:00", NEW_YORK, 1, "2026-03-08T03:30:00-04:00"),  # half past two is skipped
        ("2026-02-08T02:30:00-05:00", NEW_YORK, 2, "2026-04-08T02:30:00-04:00"),  # and back the month after
        ("2026-10-01T01:30:00-04:00", NEW_YORK, 1, "2026-11-01T01:30:00-04:00"),  # comes twice: the first
        ("2026-11-01T01:30:00-05:00", NEW_YORK, 0, "2026-11-01T01:30:00-05:00"),  # an anchor is itself
        ("2026-11-01T01:30:00-05:00", NEW_YORK, 12, "2027-11-01T01:30:00-04:00"),
        ("2026-03-01T09:00:00-05:00", NEW_YORK, 1, "2026-04-01T09:00:00-04:00"),  # nine stays nine
        ("2018-10-04T00:00:00-03:00", zone("America/Sao_Paulo"), 1, "2018-11-04T01:00:00-02:00"),
        ("2011-11-30T12:00:00-10:00", zone("Pacific/Apia"), 1, "2011-12-31T12:00:00+14:00"),  # the day that was not
    ],
)
def test_clocks_that_change(anchor: str, in_zone: ZoneInfo, months: int, there: str) -> None:
    assert edge(at(anchor), months, in_zone) == at(there)


def test_a_month_with_a_change_of_clocks_is_an_hour_longer_or_shorter() -> None:
    march, november = (period(at(f"2026-{month}-01T00:00:00-0{offset}:00"), "month", 0, NEW_YORK)
                       for month, offset in (("03", 5), ("11", 4)))  # fmt: skip
    assert march.length_us == (31 * 24 - 1) * HOUR_US
    assert november.length_us == (30 * 24 + 1) * HOUR_US
