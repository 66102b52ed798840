"""Instants: read from ISO 8601, kept as UTC microseconds, written with milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.values.errors import Invalid
from solvent.values.instant import instant, iso, midnight_utc_us, utc

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), OFFSETS)  # noqa: DTZ001  # the zone is drawn beside it
@settings(deadline=None)
def test_a_time_with_an_offset_is_read_to_the_microsecond(naive: datetime, offset: timezone) -> None:
    at = naive.replace(tzinfo=offset)
    read = instant(at.isoformat(), "at")
    assert utc(read) == at
    assert iso(read) == at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999", -1),
        ("2026-11-01", 1_793_491_200_000_000),
        ("2026-11-01T09:00:00+09:00", 1_793_491_200_000_000),
        ("2026-11-01 00:00", 1_793_491_200_000_000),
    ],
)
def test_a_text_without_an_offset_is_utc(text: str, at_us: int) -> None:
    assert instant(text, "from") == at_us


@pytest.mark.parametrize(
    "text",
    ["", " ", "now", "2026", "2026-13-01", "2026-02-30", "01.11.2026", "2026-11-01T25:00", "1793491200", "x" * 500],
)
def test_what_is_not_a_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        instant(text, "entries[0]: from")
    assert (caught.value.code, caught.value.param) == ("not_a_date", "entries[0]: from")
    assert len(caught.value.message) < 120


def test_the_wire_shows_milliseconds_cut_off_never_rounded_up() -> None:
    assert iso(999_999) == "1970-01-01T00:00:00.999Z"
    assert iso(-1) == "1969-12-31T23:59:59.999Z"


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
@settings(deadline=None)
def test_a_day_in_utc_begins_at_midnight(day: date) -> None:
    assert utc(midnight_utc_us(day)) == datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert instant(day.isoformat(), "day") == midnight_utc_us(day)
