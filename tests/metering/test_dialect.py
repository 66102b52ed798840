"""Usage reports: taken apart into disjoint buckets that add up again, or refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.metering.dialect import engine_usage, openai_usage
from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

RECORDED = Path(__file__).parents[3] / "shared/data/prices/provider_usage_bodies.json.gz"
COUNTS = st.integers(0, TOKENS_MAX)


def encoded(report: object) -> bytes:
    return json.dumps(report).encode()


def recorded() -> list[tuple[dict[str, Any], dict[str, int]]]:
    """Recorded usage objects in OpenAI's dialect, with what genai-prices reads from each as OpenAI's."""
    if not RECORDED.is_file():
        pytest.skip(f"{RECORDED} is not here: recorded usage bodies are not part of the project")
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        bodies = json.load(file)
    found = []
    for entry in bodies:
        usage = entry["body"].get("usage")
        if isinstance(usage, dict) and "prompt_tokens" in usage:
            read = [
                reading["usage"]
                for reading in entry["extracted"]
                if any((e["provider_id"], e.get("api_flavor")) == ("openai", "chat") for e in reading["extractors"])
            ]
            found.append((usage, read[0] if read else {}))
    return found


def test_the_buckets_of_recorded_reports_add_up_to_what_was_reported() -> None:
    bodies = recorded()
    assert len(bodies) > 300
    for report, _ in bodies:
        usage = openai_usage(encoded(report))
        assert all_input_tokens(usage) == report["prompt_tokens"], report
        assert all_output_tokens(usage) == report.get("completion_tokens", 0), report


def test_recorded_reports_are_read_as_genai_prices_reads_them() -> None:
    compared = 0
    for report, expected in recorded():
        if not expected:
            continue
        usage = openai_usage(encoded(report))
        compared += 1
        assert expected.get("input_tokens", 0) == all_input_tokens(usage), report
        assert expected.get("output_tokens", 0) == all_output_tokens(usage), report
        assert expected.get("cache_read_tokens", 0) == usage.cached_input_tokens, report
        assert expected.get("output_reasoning_tokens", 0) == usage.reasoning_tokens, report
    assert compared > 300


@given(COUNTS, COUNTS, st.data())
@settings(deadline=None)
def test_no_token_is_in_two_buckets(prompt: int, completion: int, data: st.DataObject) -> None:
    cached, reasoning = data.draw(st.integers(0, prompt)), data.draw(st.integers(0, completion))
    report = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    assert openai_usage(encoded(report)) == Usage(prompt - cached, cached, 0, 0, completion - reasoning, reasoning)


@pytest.mark.parametrize(
    ("report", "usage"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, Usage(input_tokens=7, output_tokens=3)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": None, "completion_tokens_details": None},
         Usage(input_tokens=7, output_tokens=3)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": None}},
         Usage(input_tokens=7, output_tokens=3)),
        ({"prompt_tokens": 7}, Usage(input_tokens=7)),  # an embedding writes nothing
        ({"prompt_tokens": 0, "completion_tokens": 0}, Usage()),
        ({"prompt_tokens": TOKENS_MAX, "completion_tokens": TOKENS_MAX},
         Usage(input_tokens=TOKENS_MAX, output_tokens=TOKENS_MAX)),
    ],
)  # fmt: skip
def test_plain_reports_are_read(report: object, usage: Usage) -> None:
    assert openai_usage(encoded(report)) == usage
    assert openai_usage(msgspec.Raw(encoded(report))) == usage


NONSENSE: list[bytes] = [
    b"", b"null", b"[]", b"7", b'"7"', b"{}", b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"completion_tokens": 3}',
    *[b'{"prompt_tokens": %s, "completion_tokens": 3}' % wrong for wrong in (
        b"null", b"-1", b"7.5", b"7.0", b"7e3", b"1e999", b'"7"', b"true", b"[7]", b"{}", b"NaN", b"Infinity",
        b"10000000001", b"9223372036854775808", b"99999999999999999999999999999999")],
    *[b'{"prompt_tokens": 7, "completion_tokens": %s}' % wrong for wrong in (
        b"-1", b"2.5", b'"3"', b"false", b"10000000001", b"18446744073709551617")],
    *[b'{"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": %s}' % wrong for wrong in (
        b"[]", b"3", b'{"cached_tokens": 8}', b'{"cached_tokens": -1}', b'{"cached_tokens": 1.5}',
        b'{"cached_tokens": "1"}')],
    *[b'{"prompt_tokens": 7, "completion_tokens": 3, "completion_tokens_details": %s}' % wrong for wrong in (
        b"[]", b"3", b'{"reasoning_tokens": 4}', b'{"reasoning_tokens": -1}', b'{"reasoning_tokens": 0.5}')],
]  # fmt: skip


@pytest.mark.parametrize("report", NONSENSE)
def test_a_report_that_cannot_be_true_is_refused(report: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        openai_usage(report)
    assert caught.value.code == "bad_usage"


NAMES = st.sampled_from(
    ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "prompt_n", "cache_n"]
)
VALUES = st.none() | st.integers() | st.floats() | st.text(max_size=5)
REPORTS = st.recursive(VALUES, lambda inner: st.dictionaries(NAMES, inner)).map(encoded)


@given(st.binary(max_size=60) | REPORTS)
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    for read in (openai_usage, engine_usage):
        try:
            usage = read(report)
        except Invalid as refused:
            assert refused.code == "bad_usage"  # noqa: PT017  # the point is that nothing else is raised
        else:
            assert all(0 <= getattr(usage, name) <= TOKENS_MAX for name in usage.__struct_fields__)


def test_an_engines_timings_keep_cached_tokens_apart() -> None:
    report = {"prompt_n": 5, "cache_n": 40, "predicted_n": 12, "predicted_ms": 31.7, "prompt_per_second": None}
    assert engine_usage(encoded(report)) == Usage(input_tokens=5, cached_input_tokens=40, output_tokens=12)


@pytest.mark.parametrize(
    "report",
    [b"", b"null", b"[]", b'{"prompt_n": -1}', b'{"cache_n": -1}', b'{"predicted_n": 1.5}', b'{"predicted_n": "3"}',
     b'{"prompt_n": null}', b'{"predicted_n": 10000000001}'],
)  # fmt: skip
def test_timings_that_cannot_be_true_are_refused(report: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        engine_usage(report)
    assert caught.value.code == "bad_usage"
