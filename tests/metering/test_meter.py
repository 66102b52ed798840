"""The meter of one answer: what is known is exact, what is not is bounded from both sides and says so."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.metering.dialect import reader
from solvent.metering.meter import Meter
from solvent.values.usage import Usage, amounts

REPORT = b'{"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 15}}'
REPORTED = Usage(input_tokens=5, cached_input_tokens=15, output_tokens=9)
ZERO = b'{"prompt_tokens": 0, "completion_tokens": 0}'
NONSENSE = b'{"prompt_tokens": -20, "completion_tokens": 9}'
ENGINE = Usage(engine_us=1_500, energy_uj=42)


def timings(written: int) -> bytes:
    return b'{"prompt_n": 5, "cache_n": 15, "predicted_n": %d}' % written


def test_a_reported_answer_is_known() -> None:
    meter = Meter(500)
    meter.add(1, None, None)
    assert not meter.is_complete
    meter.add(0, REPORT, None)
    assert meter.is_complete
    measured = meter.measure()
    assert (measured.least, measured.most, measured.estimated, measured.refused_report) == (
        REPORTED,
        REPORTED,
        False,
        "",
    )


def test_a_report_is_read_in_the_dialect_of_its_provider() -> None:
    meter = Meter(500, read=reader("anthropic"))
    meter.add(0, b'{"input_tokens": 5, "cache_read_input_tokens": 15, "output_tokens": 9}', None)
    assert meter.measure().most == REPORTED
    meter = Meter(500, read=reader("anthropic"))
    meter.add(1, REPORT, None)
    assert not meter.is_complete
    assert "input_tokens" in meter.measure().refused_report


def test_a_report_counts_for_more_than_the_pieces() -> None:
    meter = Meter(500)
    for _ in range(100):
        meter.add(1, None, None)
    meter.add(0, REPORT, None)
    assert meter.measure().most.output_tokens == 9


def test_an_explicit_zero_is_a_report() -> None:
    meter = Meter(500)
    meter.add(3, None, None)
    meter.add(0, ZERO, None)
    measured = meter.measure()
    assert meter.is_complete
    assert (measured.least, measured.most, measured.estimated) == (Usage(), Usage(), False)


def test_running_timings_count_an_answer_cut_short_to_the_token() -> None:
    meter = Meter(500)
    for written in range(1, 8):
        meter.add(1, None, timings(written))
    assert not meter.is_complete
    measured = meter.measure(ENGINE)
    expected = Usage(input_tokens=5, cached_input_tokens=15, output_tokens=7) + ENGINE
    assert (measured.least, measured.most, measured.estimated) == (expected, expected, False)


def test_a_report_counts_for_more_than_running_timings() -> None:
    meter = Meter(500)
    meter.add(1, REPORT, timings(3))
    assert meter.measure().most == REPORTED


def test_nobody_asked_is_known_to_be_nothing() -> None:
    measured = Meter(500).measure()
    assert (measured.least, measured.most, measured.estimated) == (Usage(), Usage(), False)


@given(st.integers(1, 10**6), st.integers(0, 10**6))
@settings(deadline=None)
def test_an_unreported_answer_is_bounded_by_its_pieces_and_its_question(pieces: int, read_most: int) -> None:
    meter = Meter(read_most)
    meter.add(pieces, None, None)
    measured = meter.measure(ENGINE)
    assert measured.estimated
    assert measured.least == Usage(output_tokens=pieces) + ENGINE
    assert measured.most == Usage(input_tokens=read_most, output_tokens=pieces) + ENGINE


def test_a_question_taken_and_never_answered_may_have_been_read() -> None:
    meter = Meter(500)
    meter.left_unanswered = True
    measured = meter.measure()
    assert (measured.least, measured.most, measured.estimated) == (Usage(), Usage(input_tokens=500), True)


@pytest.mark.parametrize("pieces", [0, 4])
def test_a_refused_report_is_flagged_and_never_counted(pieces: int) -> None:
    meter = Meter(500)
    meter.add(pieces, NONSENSE, None)
    measured = meter.measure()
    assert not meter.is_complete
    assert measured.estimated
    assert "-20" in measured.refused_report
    assert (measured.least, measured.most) == (
        Usage(output_tokens=pieces),
        Usage(input_tokens=500, output_tokens=pieces),
    )


def test_a_refused_report_leaves_the_running_timings_standing() -> None:
    meter = Meter(500)
    meter.add(1, None, timings(7))
    meter.add(0, NONSENSE, timings(8))
    measured = meter.measure()
    assert not measured.estimated
    assert measured.refused_report
    assert measured.most.output_tokens in (7, 8)


def test_a_report_mended_later_is_taken_but_the_refusal_is_remembered() -> None:
    meter = Meter(500)
    meter.add(1, NONSENSE, None)
    meter.add(0, REPORT, None)
    measured = meter.measure()
    assert (measured.most, measured.estimated) == (REPORTED, False)
    assert measured.refused_report


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from([None, None, REPORT, ZERO, NONSENSE]), st.sampled_from([None, timings(2)])
    ),
    max_size=8,
)


@given(STEPS, st.integers(0, 1_000), st.booleans(), st.sampled_from([None, ENGINE]))
@settings(deadline=None, max_examples=300)
def test_the_bounds_never_cross_and_what_is_known_is_one_figure(
    steps: list[tuple[int, bytes | None, bytes | None]], read_most: int, left: bool, engine: Usage | None
) -> None:
    meter = Meter(read_most)
    meter.left_unanswered = left
    for step in steps:
        meter.add(*step)
    measured = meter.measure(engine)
    pairs = list(zip(amounts(measured.least), amounts(measured.most), strict=True))
    assert all(0 <= least <= most for least, most in pairs)
    assert measured.estimated or measured.least == measured.most
    assert bool(measured.refused_report) == any(usage == NONSENSE for _, usage, _ in steps)


@pytest.mark.parametrize(
    "report",
    [b'{"prompt_tokens":10401,"completion_tokens":1}', b'{"prompt_tokens":1,"completion_tokens":10201}'],
)
def test_a_report_far_beyond_what_was_sent_and_allowed_is_refused(report: bytes) -> None:
    """A wrong unit, or somebody else's bill: the whole hold must not be charged for it."""
    meter = Meter(input_tokens_most=100, output_tokens_max=50)
    meter.add(3, msgspec.Raw(report), None)
    measured = meter.measure()
    assert measured.estimated
    assert measured.refused_report
    assert measured.least == Usage(output_tokens=3)


def test_a_report_a_little_beyond_its_bounds_is_believed() -> None:
    meter = Meter(input_tokens_most=100, output_tokens_max=50)
    meter.add(3, msgspec.Raw(b'{"prompt_tokens":10400,"completion_tokens":10200}'), None)
    assert meter.measure().least == Usage(input_tokens=10_400, output_tokens=10_200)


@pytest.mark.parametrize("report", [None, b'{"prompt_tokens":-1}', b'{"prompt_tokens":"many"}'])
def test_a_whole_reply_is_charged_by_its_words_where_no_report_can_be_believed(report: bytes | None) -> None:
    meter = Meter(input_tokens_most=100)
    meter.add(1, msgspec.Raw(report) if report else None, None, "one two three")
    measured = meter.measure()
    assert (measured.estimated, measured.least, measured.most.input_tokens) == (True, Usage(output_tokens=3), 100)


def test_an_engines_timings_beyond_all_bounds_are_refused_too() -> None:
    meter = Meter(input_tokens_most=100, output_tokens_max=50)
    meter.add(2, None, msgspec.Raw(b'{"prompt_n":10,"predicted_n":9000000000}'))
    measured = meter.measure()
    assert (measured.estimated, measured.least) == (True, Usage(output_tokens=2))
    assert measured.refused_report


@pytest.mark.parametrize(
    ("tier", "usage", "tariff"),
    [
        (None, REPORT, ""),
        (b'"default"', REPORT, ""),
        (b"null", REPORT, ""),
        (b'"flex"', REPORT, "flex"),
        (b'"priority"', None, "priority"),
        (b'"on_demand"', REPORT, ""),
        (b'"platinum"', REPORT, "unknown"),
        (b"7", REPORT, "unknown"),
        (None, b'{"prompt_tokens": 20, "completion_tokens": 9, "service_tier": "batch"}', "batch"),
        (b'"default"', b'{"prompt_tokens": 20, "completion_tokens": 9, "service_tier": "priority"}', "priority"),
        (b'"flex"', b'{"prompt_tokens": 20, "completion_tokens": 9, "trafficType": "ON_DEMAND"}', "flex"),
        (None, b'{"prompt_tokens": 20, "completion_tokens": 9, "speed": "fast"}', "fast"),
    ],
)
def test_the_tariff_that_the_upstream_says_is_measured_too(
    tier: bytes | None, usage: bytes | None, tariff: str
) -> None:
    meter = Meter(500)
    meter.add(1, None, None)
    if tier is not None:
        meter.served_at(msgspec.Raw(tier))
    meter.add(0, usage, None)
    assert meter.measure().tariff == tariff
