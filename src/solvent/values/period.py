"""Calendar days in a named time zone: the only place where clocks and calendars meet."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from solvent.values.errors import Invalid
from solvent.values.instant import utc

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


def first_day(since: str, now_us: int, in_zone: ZoneInfo) -> int:
    """The day number a report begins with: "7d" is today and the six days before, or an ISO date.

    Raises Invalid for anything else.
    """
    ago = _AGO.match(since)
    if ago and int(ago[1]) >= 1:
        return day_number(now_us, in_zone) - int(ago[1]) + 1
    try:
        return date.fromisoformat(since).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        message = f"since: {since[:40]!r} is neither days like 7d nor a date like 2026-11-01"
        raise Invalid("not_a_date", message, param="since") from None
