"""Bedrock's reports: caches stand beside what was read, and say for how long they were written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.reports import COUNTS, NO_COUNTS, NO_REPORTS, encoded, is_read_or_refused, read, refused, reports

from solvent.metering.bedrock import bedrock_usage
from solvent.values.usage import Usage


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.data())
@settings(deadline=None)
def test_no_token_is_in_two_buckets(fresh: int, cached: int, put: int, written: int, data: st.DataObject) -> None:
    hour = data.draw(st.integers(0, put))
    report = {
        "inputTokens": fresh, "outputTokens": written, "cacheReadInputTokens": cached, "cacheWriteInputTokens": put,
        "cacheDetails": [{"ttl": "5m", "inputTokens": put - hour}, {"ttl": "1h", "inputTokens": hour}],
        "totalTokens": fresh + cached + put + written, "serverToolUsage": {},
    }  # fmt: skip
    assert read(bedrock_usage, report) == Usage(fresh, cached, put - hour, hour, written)


@pytest.mark.parametrize(
    ("more", "usage"),
    [
        ({}, Usage(9, output_tokens=3)),
        ({"cacheWriteInputTokens": 5}, Usage(9, cache_write_5m_tokens=5, output_tokens=3)),
        ({"cacheReadInputTokens": None, "cacheDetails": None}, Usage(9, output_tokens=3)),
    ],
)
def test_plain_reports_are_read(more: dict[str, Any], usage: Usage) -> None:
    assert read(bedrock_usage, {"inputTokens": 9, "outputTokens": 3} | more) == usage


@pytest.mark.parametrize(
    "report",
    [
        *NO_REPORTS,
        *[b'{"inputTokens": %s}' % wrong for wrong in (b"null", *NO_COUNTS)],
        *[b'{"inputTokens": 9, "%s": %s}' % (name, wrong) for wrong in NO_COUNTS
          for name in (b"outputTokens", b"cacheReadInputTokens", b"cacheWriteInputTokens")],
        *[b'{"inputTokens": 9, "cacheDetails": %s}' % wrong for wrong in (b"3", b"{}", b"[3]", b"[{}]")],
        encoded({"inputTokens": 9, "cacheWriteInputTokens": 1, "cacheDetails": [{"ttl": "1h", "inputTokens": 2}]}),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_true_is_refused(report: bytes) -> None:
    refused(bedrock_usage, report)


@given(reports("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheDetails", "ttl"))
@settings(deadline=None)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    is_read_or_refused(bedrock_usage, report)
