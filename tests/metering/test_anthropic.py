"""Anthropic's reports: caches stand beside what was read, thoughts inside what was written, and every pass counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.reports import COUNTS, NO_COUNTS, NO_REPORTS, encoded, is_read_or_refused, read, refused, reports

from solvent.metering.anthropic import anthropic_usage
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.data())
@settings(deadline=None)
def test_no_token_is_in_two_buckets(
    fresh: int, cached: int, five: int, hour: int, written: int, data: st.DataObject
) -> None:
    thoughts = data.draw(st.integers(0, written))
    report = {
        "input_tokens": fresh,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": five + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
        "output_tokens": written,
        "output_tokens_details": {"thinking_tokens": thoughts},
    }
    usage = read(anthropic_usage, report)
    assert usage == Usage(fresh, cached, five, hour, written - thoughts, thoughts)
    assert all_input_tokens(usage) == fresh + cached + five + hour
    assert all_output_tokens(usage) == written


@pytest.mark.parametrize(
    ("more", "usage"),
    [
        ({}, Usage(9, output_tokens=3)),
        ({"cache_creation_input_tokens": 5}, Usage(9, cache_write_5m_tokens=5, output_tokens=3)),  # unasked: 5 minutes
        ({"cache_creation_input_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 2}},
         Usage(9, cache_write_5m_tokens=3, cache_write_1h_tokens=2, output_tokens=3)),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 2}},
         Usage(9, cache_write_5m_tokens=4, cache_write_1h_tokens=2, output_tokens=3)),
        ({"cache_creation": None, "cache_read_input_tokens": None, "server_tool_use": None, "iterations": None},
         Usage(9, output_tokens=3)),
        ({"server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 7}},
         Usage(9, output_tokens=3, web_searches=2)),
        ({"iterations": []}, Usage(9, output_tokens=3)),
    ],
)  # fmt: skip
def test_plain_reports_are_read(more: dict[str, Any], usage: Usage) -> None:
    assert read(anthropic_usage, {"input_tokens": 9, "output_tokens": 3, "service_tier": "standard"} | more) == usage


def test_a_compaction_is_billed_though_the_sums_leave_it_out() -> None:
    report = {
        "input_tokens": 180, "output_tokens": 8, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "iterations": [
            {"type": "compaction", "input_tokens": 100, "output_tokens": 82, "cache_creation_input_tokens": 55_096,
             "cache_creation": {"ephemeral_5m_input_tokens": 55_096}},
            {"type": "message", "input_tokens": 180, "output_tokens": 8},
        ],
    }  # fmt: skip
    assert read(anthropic_usage, report) == Usage(280, cache_write_5m_tokens=55_096, output_tokens=90)


def test_thoughts_of_several_passes_are_counted_once() -> None:
    passes = [{"type": "message", "input_tokens": 5, "output_tokens": n} for n in (40, 60)]
    report = {"input_tokens": 10, "output_tokens": 100, "output_tokens_details": {"thinking_tokens": 28},
              "iterations": passes}  # fmt: skip
    assert read(anthropic_usage, report) == Usage(10, output_tokens=72, reasoning_tokens=28)


def with_field(name: str, wrong: bytes) -> bytes:
    return b'{"input_tokens": 9, "output_tokens": 3, "%s": %s}' % (name.encode(), wrong)


NONSENSE = [
    b'{"output_tokens": 3}',
    *[b'{"input_tokens": %s, "output_tokens": 3}' % wrong for wrong in (b"null", *NO_COUNTS)],
    *[b'{"input_tokens": 9, "output_tokens": %s}' % wrong for wrong in NO_COUNTS],
    *[with_field(name, wrong) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")
      for wrong in NO_COUNTS],
    *[with_field("cache_creation", b'{"ephemeral_1h_input_tokens": %s}' % wrong) for wrong in NO_COUNTS],
    with_field("cache_creation_input_tokens", b'1, "cache_creation": {"ephemeral_1h_input_tokens": 2}'),
    *[with_field("server_tool_use", b'{"web_search_requests": %s}' % wrong) for wrong in NO_COUNTS],
    *[with_field("output_tokens_details", b'{"thinking_tokens": %s}' % wrong) for wrong in (b"4", *NO_COUNTS)],
    *[with_field("iterations", wrong) for wrong in (b"{}", b"3", b"[3]", b"[{}]")],
    # what one pass has too much may not make good what another has too little
    with_field("iterations", encoded([
        {"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_creation": {"ephemeral_1h_input_tokens": 5}},
        {"input_tokens": 9, "cache_creation_input_tokens": 9}])),
]  # fmt: skip


@pytest.mark.parametrize("report", [*NO_REPORTS, *NONSENSE])
def test_a_report_that_cannot_be_true_is_refused(report: bytes) -> None:
    refused(anthropic_usage, report)


@given(reports("input_tokens", "output_tokens", "cache_creation", "cache_read_input_tokens", "iterations",
               "cache_creation_input_tokens", "ephemeral_1h_input_tokens", "server_tool_use"))  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    is_read_or_refused(anthropic_usage, report)
