"""The number of a document: 2026-000001. Each series counts from one each year, without gaps."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from solvent.values.errors import Invalid

INVOICES: Final = ""
CREDIT_NOTES: Final = "CN"
_DIGITS: Final = 6
_TEXT = re.compile(r"(?:([A-Z]{1,8})-)?(\d{4})-(\d{6,12})\Z", re.ASCII)


class Number(msgspec.Struct, frozen=True):
    """series: upper-case letters, or none for invoices. year: of the day of issue. sequence: 1 and up."""

    series: str
    year: int
    sequence: int


def number_text(number: Number) -> str:
    """As printed: 2026-000001, CN-2026-000001. Sorts by sequence up to 999,999 a year, and grows beyond."""
    plain = f"{number.year:04d}-{number.sequence:0{_DIGITS}d}"
    return f"{number.series}-{plain}" if number.series else plain


def read_number(text: str) -> Number:
    """The number behind its text. Raises Invalid for anything else."""
    match = _TEXT.match(text)
    if match is None or int(match[3]) < 1 or len(match[3].lstrip("0")) < len(match[3]) > _DIGITS:
        message = f"number: {text[:40]!r} is not a document's number like 2026-000001"
        raise Invalid("bad_number", message, param="number")
    return Number(match[1] or "", int(match[2]), int(match[3]))


def place_text(issued_us: int, number: Number) -> str:
    """Where a document stands in a list by time, newest first: what the next page goes on from."""
    return f"{issued_us}_{number_text(number)}"


def read_place(text: str) -> tuple[int, str]:
    """Instant and printed number of such a place. Raises Invalid for what no list gave."""
    at_us, _, number = text.partition("_")
    if not (number and at_us.isascii() and at_us.isdigit() and len(at_us) < 19):
        message = f"cursor: {text[:60]!r} is none that this list gave; leave it out to begin again"
        raise Invalid("bad_cursor", message, param="cursor")
    return int(at_us), number
