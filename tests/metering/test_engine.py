"""The timings of our own engine keep cached tokens apart already."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.metering.reports import COUNTS, is_read_or_refused, read, refused, reports

from solvent.metering.engine import engine_usage
from solvent.values.usage import Usage


@given(COUNTS, COUNTS, COUNTS)
@settings(deadline=None)
def test_timings_are_buckets(fresh: int, cached: int, written: int) -> None:
    report = {"prompt_n": fresh, "cache_n": cached, "predicted_n": written, "predicted_ms": 31.7}
    assert read(engine_usage, report) == Usage(fresh, cached, output_tokens=written)


@pytest.mark.parametrize(
    "report",
    [b"", b"null", b"[]", b'{"prompt_n": -1}', b'{"cache_n": -1}', b'{"predicted_n": 1.5}', b'{"predicted_n": "3"}',
     b'{"prompt_n": null}', b'{"predicted_n": 10000000001}', b'{"prompt_n": 10000000000, "cache_n": 1}'],
)  # fmt: skip
def test_timings_that_cannot_be_true_are_refused(report: bytes) -> None:
    refused(engine_usage, report)


@given(reports("prompt_n", "cache_n", "predicted_n"))
@settings(deadline=None)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    is_read_or_refused(engine_usage, report)
