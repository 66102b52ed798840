"""Usage reports as providers send them, for the tests of every dialect."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import strategies as st

from solvent.metering.dialect import ReadUsage
from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX
from solvent.values.usage import BUCKETS, Usage

COUNTS = st.integers(0, 10**9)
# Counts that cannot be: below zero, not whole, not a number, of another kind, beyond all reason.
NO_COUNTS = (b"-1", b"7.5", b"7.0", b"7e3", b"1e999", b'"7"', b"true", b"[7]", b"{}", b"NaN", b"Infinity",
             b"10000000001", b"9223372036854775808", b"99999999999999999999999999999999")  # fmt: skip
NO_REPORTS = (b"", b"null", b"[]", b"7", b'"7"', b"{", b"\xff", b"\xef\xbb\xbf{}", b"{}")


def encoded(report: object) -> bytes:
    """A report as it comes over the wire."""
    return json.dumps(report).encode()


def read(reader: ReadUsage, report: object) -> Usage:
    """What a reader makes of a report, which must be the same for both forms it comes in."""
    usage = reader(encoded(report))
    assert reader(msgspec.Raw(encoded(report))) == usage
    return usage


def refused(reader: ReadUsage, report: bytes) -> str:
    """The message that refuses a report."""
    with pytest.raises(Invalid) as caught:
        reader(report)
    assert caught.value.code == "bad_usage"
    return caught.value.message


def is_read_or_refused(reader: ReadUsage, report: bytes) -> None:
    """Whatever comes: buckets within bounds, or a refusal, and nothing else."""
    try:
        usage = reader(report)
    except Invalid as wrong:
        assert wrong.code == "bad_usage"  # noqa: PT017  # the point is that nothing else is raised
    else:
        assert all(0 <= getattr(usage, name) <= 2 * TOKENS_MAX for name in BUCKETS)


def reports(*names: str) -> st.SearchStrategy[bytes]:
    """Reports of any shape, with these names in them."""
    values = st.none() | st.integers() | st.floats() | st.text(max_size=5) | COUNTS
    inner = st.recursive(
        values, lambda some: st.dictionaries(st.sampled_from(names), some) | st.lists(some, max_size=2)
    )
    return st.binary(max_size=60) | inner.map(encoded)
