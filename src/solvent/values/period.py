"""Calendar days, months and billing periods in a named time zone: the only place where clocks and calendars meet."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from solvent.values.errors import Invalid
from solvent.values.instant import utc
from solvent.values.limits import YEAR_MAX, YEAR_MIN

Every = Literal["month", "year"]
MONTHS: Final[dict[Every, int]] = {"month": 1, "year": 12}

_AGO = re.compile(r"(\d{1,5})d\Z")


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name, such as Asia/Seoul. Raises Invalid for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"time zone {name!r} is not known; write an IANA name like Asia/Seoul"
        raise Invalid("unknown_time_zone", message, param="time_zone") from None


def day_number(at_us: int, in_zone: ZoneInfo) -> int:
    """The calendar day an instant falls on in a zone, as days since 1970-01-01."""
    return utc(at_us).astimezone(in_zone).toordinal() - date(1970, 1, 1).toordinal()


def day_name(number: int) -> str:
    """A day number as ISO 8601, such as 2026-11-24."""
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def start_of_day(number: int, in_zone: ZoneInfo) -> int:
    """The first instant of a calendar day in a zone, in microseconds."""
    day = date(1970, 1, 1) + timedelta(days=number)
    midnight = datetime(day.year, day.month, day.day, tzinfo=in_zone).astimezone(UTC)
    return (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def first_day(since: str, now_us: int, in_zone: ZoneInfo, param: str = "since") -> int:
    """The day number a report begins with: "7d" is today and the six days before, or an ISO date.

    param: what is named where it is wrong. Raises Invalid for anything else, and for years that no books are of.
    """
    ago = _AGO.match(since)
    if ago and int(ago[1]) >= 1:
        return day_number(now_us, in_zone) - int(ago[1]) + 1
    try:
        day = date.fromisoformat(since)
    except ValueError:
        message = f"{param}: {since[:40]!r} is neither days like 7d nor a date like 2026-11-01"
        raise Invalid("not_a_date", message, param=param) from None
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        message = f"{param}: {day} is too far away; write a year from {YEAR_MIN} through {YEAR_MAX}"
        raise Invalid("not_a_date", message, param=param)
    return day.toordinal() - date(1970, 1, 1).toordinal()


def month_number(at_us: int, in_zone: ZoneInfo) -> int:
    """The calendar month an instant falls in, in a zone: 202611 for November 2026."""
    local = utc(at_us).astimezone(in_zone)
    return local.year * 100 + local.month


def start_of_month(number: int, in_zone: ZoneInfo) -> int:
    """The first instant of a month such as 202611, in microseconds."""
    first = date(number // 100, number % 100, 1)
    return start_of_day(first.toordinal() - date(1970, 1, 1).toordinal(), in_zone)


def next_month(number: int) -> int:
    """The month after: 202701 after 202612."""
    return number + 1 if number % 100 < 12 else number + 89


def read_month(text: str) -> int:
    """A month such as 2026-11 or 202611 as 202611. Raises Invalid for anything else."""
    digits = text.replace("-", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6 and 1 <= int(digits[4:]) <= 12):
        raise Invalid("not_a_month", f"month: {text[:40]!r} is not a month like 2026-11", param="month")
    return int(digits)


def month_text(month: int) -> str:
    """A month as people write it: 2026-11."""
    return f"{month // 100:04d}-{month % 100:02d}"


class Period(msgspec.Struct, frozen=True):
    """Time between two edges: from start_us until just before end_us.

    number: how many periods after the one that begins with the anchor; below zero before it.
    """

    number: int
    start_us: int
    end_us: int

    @property
    def length_us(self) -> int:
        """Never less than 27 days for months."""
        return self.end_us - self.start_us

    def holds(self, at_us: int) -> bool:
        """Whether an instant lies in it. The instant of an edge belongs to the period that begins there."""
        return self.start_us <= at_us < self.end_us


def edge(anchor_us: int, months: int, in_zone: ZoneInfo) -> int:
    """The instant some months after the anchor, on its day of the month and at its time of day in the zone.

    A month too short for that day ends the period on its last day; the day itself is kept for the months after. A
    time that clocks skip is as much later as they skip; of one that comes twice it is the first.
    """
    if not months:
        return anchor_us
    local = utc(anchor_us).astimezone(in_zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    there = local.replace(year=year, month=month + 1, day=day, fold=0)
    return (there.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def period(anchor_us: int, every: Every, number: int, in_zone: ZoneInfo) -> Period:
    """The period of that number. Periods tile all time: where one ends the next begins."""
    months = MONTHS[every]
    start_us, end_us = (edge(anchor_us, (number + ahead) * months, in_zone) for ahead in (0, 1))
    return Period(number, start_us, end_us)


def period_at(anchor_us: int, every: Every, at_us: int, in_zone: ZoneInfo) -> Period:
    """The period an instant lies in."""
    first, here = utc(anchor_us).astimezone(in_zone), utc(at_us).astimezone(in_zone)
    number = ((here.year - first.year) * 12 + here.month - first.month) // MONTHS[every]
    while edge(anchor_us, number * MONTHS[every], in_zone) > at_us:
        number -= 1
    while edge(anchor_us, (number + 1) * MONTHS[every], in_zone) <= at_us:
        number += 1
    return period(anchor_us, every, number, in_zone)
