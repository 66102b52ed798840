"""Estimates become money once, at the edge; the level of an estimate is the best that is known."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.app.capacity_data import find_fleet, find_model
from solvent.capacity.answer_cost import CostTerms, answer_cost, answers_within
from solvent.capacity.calibration import Factors
from solvent.capacity.estimate import Asked, Known, estimate
from solvent.capacity.measured import MeasuredRow, nearest, rows_of
from solvent.values.errors import Invalid
from solvent.values.money import Money, money

ASKED = Asked(find_model("Qwen3-8B").shape, find_fleet("H100"), "bf16", 200, 646, 0.05, batch=64)


def row(**changes: float) -> MeasuredRow:
    told = {"batch": 64.0, "input_tokens": 200.0, "output_tokens": 646.0, "tokens_per_s": 4_315.0, **changes}
    fixed = {"model": "Qwen/Qwen3-8B", "device": "H100", "count": 1, "precision": "bf16", "source": "a table"}
    return msgspec.convert({**fixed, **told}, MeasuredRow)


def test_an_answers_cost_by_hand() -> None:
    """An hour of one device at 2 dollars, half busy, is 4; a kilowatt-hour at 10 cents; 1 cent besides."""
    terms = CostTerms("USD", Fraction(2), 0.5, Fraction("0.1"), Fraction("0.01"))
    found = answer_cost(3_600, 1_000, terms)
    assert (found.rent, found.power, found.extras) == (money("4", "USD"), money("0.1", "USD"), money("0.01", "USD"))
    assert found.total == money("4.11", "USD")
    assert answer_cost(3_600, 0, CostTerms("KRW", Fraction(2_800), 1.0)).total == money("2800", "KRW")


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0.01, 1), st.sampled_from(["USD", "KRW", "JPY"]))
def test_the_total_is_exactly_its_parts(device_s: float, watt_hours: float, busy: float, currency: str) -> None:
    found = answer_cost(device_s, watt_hours, CostTerms(currency, Fraction("2.95"), busy, Fraction("0.1")))
    assert found.total == found.rent + found.power + found.extras
    assert found.rent.grains >= 0


def test_what_the_books_cannot_hold_is_refused() -> None:
    with pytest.raises(Invalid, match="does not fit the books"):
        answer_cost(1e18, 0, CostTerms("USD", Fraction(10**9)))


def test_answers_within_a_sum_are_rounded_down() -> None:
    assert answers_within(money("20", "USD"), money("0.03", "USD")) == 666
    assert answers_within(money("-1", "USD"), money("0.03", "USD")) == 0
    assert answers_within(money("20", "USD"), Money(0, "USD")) is None


def test_a_measured_row_is_believed_first_then_a_point_then_the_formula() -> None:
    bare = estimate(ASKED, Known())
    point = estimate(ASKED, Known(factors=Factors(1.1, 1.1, 1.1, 1.1), calibrated_by="a probe"))
    measured = estimate(ASKED, Known((row(joules_per_token=0.12),), Factors(9, 9, 9, 9), "a probe"))
    assert bare.level == "bare formula"
    assert (point.level, point.evidence) == ("formula x one measured point", "a probe")
    assert point.step_s == pytest.approx(1.1 * bare.step_s)
    assert (measured.level, measured.evidence) == ("measured row", "a table, batch 64")
    assert measured.step_s == pytest.approx(64 / 4_315)
    assert measured.board_joules_per_token == pytest.approx(0.12)
    widths = [found.high_s / found.low_s for found in (measured, point, bare)]
    assert widths == sorted(widths)


def test_a_row_too_far_off_stands_for_nothing() -> None:
    assert nearest([row()], 64, 200, 646) is not None
    assert nearest([row(batch=40)], 64, 200, 646) is None
    assert nearest([row(output_tokens=3_000)], 64, 200, 646) is None
    near = nearest([row(batch=60), row(batch=66)], 64, 200, 646)
    assert near is not None
    assert near.row == row(batch=66)


def test_rows_are_of_the_same_model_hardware_and_precision() -> None:
    rows = [row()]
    assert rows_of(rows, ["qwen/qwen3-8b"], ["h100"], 1, "bf16") == rows
    for names, devices, count, precision in (
        (["other"], ["H100"], 1, "bf16"),
        (["Qwen/Qwen3-8B"], ["B200"], 1, "bf16"),
        (["Qwen/Qwen3-8B"], ["H100"], 2, "bf16"),
        (["Qwen/Qwen3-8B"], ["H100"], 1, "fp8"),
    ):
        assert rows_of(rows, names, devices, count, precision) == []


def test_a_batch_beyond_memory_is_refused() -> None:
    with pytest.raises(Invalid, match="it holds") as refused:
        estimate(Asked(ASKED.shape, ASKED.fleet, "bf16", 200, 646, 0.05, batch=9_999), Known())
    assert refused.value.code == "batch_does_not_fit"


@given(st.integers(1, 400), st.integers(1, 400))
def test_a_larger_batch_makes_an_answer_cheaper_and_slower(one: int, other: int) -> None:
    few, many = sorted((one, other))
    cheap, dear = (
        estimate(Asked(ASKED.shape, ASKED.fleet, "bf16", 200, 646, 0.05, batch=batch), Known()) for batch in (many, few)
    )
    assert cheap.device_seconds <= dear.device_seconds * (1 + 1e-9)
    assert cheap.step_s >= dear.step_s
    assert cheap.watt_hours <= dear.watt_hours * (1 + 1e-9)
