"""Logs of engines are split exactly, and the usual rules are as far off as the trade's own arithmetic says."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.capacity.attribution import Served, attribute, error_of, split_bill, usual_errors
from solvent.capacity.made_load import make_load

# Median and 95th percentile of the error, in per cent, and what long questions pay (facts/ECONOMICS.md 1.5, 2026-11),
# by rule, at so many answers a second. Drawn anew from another seed: so with room for chance.
TABLE: dict[float, dict[str, tuple[float, float, float | None]]] = {
    0.5: {"total_tokens": (57, 570, 6.5), "input_and_4_output": (42, 333, 4.0), "output_tokens": (33, 110, None),
          "equal_time": (1.7, 15, None)},
    2: {"total_tokens": (51, 313, 4.0), "input_and_4_output": (28, 163, 2.5), "output_tokens": (19, 60, None),
        "equal_time": (7.9, 38, None)},
    5: {"total_tokens": (42, 164, 2.5), "input_and_4_output": (17, 70, 1.5), "output_tokens": (26, 68, None),
        "equal_time": (22, 60, None)},
}  # fmt: skip


@pytest.mark.parametrize("per_second", TABLE)
def test_usual_rules_are_as_far_off_as_they_are_known_to_be(per_second: float) -> None:
    made = make_load(per_second, 1_500 if per_second > 2 else 700, Random(0))
    found = {error.rule: error for error in usual_errors(made.log, made.shares)}
    for rule, (median, p95, long) in TABLE[per_second].items():
        assert found[rule].median * 100 == pytest.approx(median, rel=0.25), rule
        assert found[rule].p95 * 100 == pytest.approx(p95, rel=0.35), rule
        assert long is None or found[rule].long_questions == pytest.approx(long, rel=0.25), rule


@pytest.mark.parametrize("per_second", [0.5, 2, 5])
def test_first_tokens_halve_the_error_of_equal_time(per_second: float) -> None:
    made = make_load(per_second, 500, Random(3))
    by_level = [
        error_of(level, attribute(made.log, level).shares, made.shares, made.log) for level in ("phases", "presence")
    ]
    phases, presence = (error.median if error else 1.0 for error in by_level)
    assert phases < 0.65 * presence


def test_a_made_load_is_paid_for_to_the_nanosecond() -> None:
    made = make_load(2, 300, Random(0))
    assert sum(made.shares) == made.busy
    by_log = attribute(made.log)
    assert (sum(by_log.shares), by_log.busy) == (made.busy, made.busy)
    assert by_log.idle == made.idle - made.log[0].came, "a log begins with its first answer"


@st.composite
def logs(draw: st.DrawFn) -> list[Served]:
    times = st.integers(0, 40)
    log = []
    for place in range(draw(st.integers(1, 12))):
        came, began, left = sorted(draw(st.tuples(times, times, times)))
        log.append(Served(str(place), came, began if draw(st.booleans()) else None, left, draw(times), draw(times)))
    return log


@given(logs(), st.integers(0, 10**12))
@settings(deadline=None)
def test_shares_and_idle_time_are_the_whole_span_and_parts_the_whole_bill(log: list[Served], bill: int) -> None:
    found = attribute(log)
    assert sum(found.shares) == found.busy
    assert found.busy + found.idle == max(one.left for one in log) - min(one.came for one in log)
    assert found.level == ("presence" if all(one.began is None for one in log) else "phases")
    parts, idle = split_bill(bill, found)
    assert sum(parts) + idle == bill
    assert min(*parts, idle) >= 0
    for error in usual_errors(log, found.shares):
        assert error.median >= 0


def test_who_reads_pays_for_reading_and_the_rest_is_shared() -> None:
    log = [Served("a", 0, 10, 30, 5, 5), Served("b", 20, 26, 40, 5, 5), Served("c", 50, 50, 51, 0, 0)]
    found = attribute(log)
    assert found.shares == (10 + 10 + 2, 6 + 2 + 10, 1)
    assert (found.busy, found.idle) == (41, 10)
    assert split_bill(510, found) == ([220, 180, 10], 100)


def test_an_answer_without_a_first_token_is_known_by_presence_alone() -> None:
    log = [Served("a", 0, 10, 30, 5, 5), Served("b", 0, None, 40, 5, 5), Served("c", 40, 44, 50, 5, 5)]
    found = attribute(log)
    assert found.levels == ("phases", "presence", "phases")
    assert found.level == "phases"
    assert found.shares == (10 + 10, 10 + 10, 10)


def test_an_answer_that_was_aborted_before_it_wrote_was_read_until_its_end() -> None:
    log = [Served("a", 0, 0, 30, 5, 5), Served("aborted", 10, None, 14, 5, 0)]
    found = attribute(log)
    assert (found.shares, found.levels) == ((26, 4), ("phases", "phases"))
    noted_by_nobody = attribute([Served("a", 0, None, 30, 5, 5), Served("aborted", 10, None, 14, 5, 0)])
    assert (noted_by_nobody.shares, noted_by_nobody.level) == ((28, 2), "presence")
