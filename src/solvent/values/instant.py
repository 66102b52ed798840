"""Instants are whole microseconds since 1970 in UTC; the clock that gives them is passed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from solvent.values.errors import Invalid

US_PER_S = 1_000_000
MINUTE_US = 60 * US_PER_S
HOUR_US = 3_600 * US_PER_S
DAY_US = 86_400 * US_PER_S
NEVER_US = 2**62  # later than any instant: for what does not expire
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str, param: str) -> int:
    """Read an ISO 8601 date or time, such as 2026-11-01 or 2026-11-01T09:00:00+09:00, as microseconds.

    A text without an offset is UTC. Raises Invalid otherwise.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        message = f"{param}: {text[:40]!r} is not a date; write it like 2026-11-01"
        raise Invalid("not_a_date", message, param=param) from None
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def iso(at_us: int) -> str:
    """The instant as ISO 8601 in UTC with milliseconds, for the wire."""
    at = _EPOCH + timedelta(microseconds=at_us)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(at_us: int) -> datetime:
    """The instant as an aware datetime, for calendars."""
    return _EPOCH + timedelta(microseconds=at_us)


def midnight_utc_us(day: date) -> int:
    """The first instant of a day in UTC."""
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
