"""Measured rows that come with the package: as in the files they were taken from, and near to what is asked."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from solvent.app.capacity_data import find_fleet, find_model, shipped_rows
from solvent.app.sizing import Wanted, size
from solvent.capacity.hardware import BYTES
from solvent.capacity.measured import BATCH_FACTOR_MAX, MeasuredRow, nearest, nearest_saturated

FILE = Path(__file__).parents[3] / "shared/data/economics/measured_throughput_energy.csv"


def test_every_row_is_of_a_model_and_hardware_we_know_and_may_be_passed_on() -> None:
    for row in shipped_rows():
        assert row.model in find_model(row.model).names
        assert find_fleet(f"{row.count}x{row.device}").device.name == row.device
        assert row.precision in BYTES
        assert row.checked
        assert row.source.startswith(("MLPerf v5.1 ", "TensorRT-LLM perf-overview @03e27c7")), "another licence?"
        assert (row.batch, row.joules_per_token) == (0, 0)


@pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not there")
def test_every_row_is_as_in_the_file_it_was_taken_from() -> None:
    with FILE.open(encoding="utf-8") as lines:
        told = [line for line in csv.DictReader(lines) if line["output_tok_s_per_gpu"]]
    for row in shipped_rows():
        source, _, scenario = row.source.rpartition(" ") if row.source.startswith("MLPerf") else (row.source, "", "")
        found = [
            line
            for line in told
            if line["source"] == source
            and (not scenario or line["scenario"] == scenario)
            and (line["n_gpus"] or line["parallel"].lstrip("DETP")) == str(row.count)
            and line["precision"].lower() == row.precision.removeprefix("mx")
            and float(line["isl"] or 0) == row.input_tokens
            and float(line["osl"] or 0) == row.output_tokens
            and row.device.replace("-", " ") in line["gpu"]
        ]
        each = [float(line["output_tok_s_total"] or float(line["output_tok_s_per_gpu"]) * row.count) for line in found]
        assert any(tokens_per_s == pytest.approx(row.tokens_per_s, rel=1e-6) for tokens_per_s in each), row
        assert (row.wait_ms_max > 0) == (scenario in ("Server", "Interactive"))


def test_a_laptop_gets_level_one_and_is_told_how_far_off_the_row_is() -> None:
    asked = Wanted(precision="fp8", input_tokens=294, output_tokens=294, ms_per_token_max=50)
    found = size("llama-2-70b-chat-hf", "8xH200", asked)
    assert found.level == "measured row"
    assert found.evidence == "MLPerf v5.1 5.1-0075 Interactive, saturated, kept 40 ms a token, 1.25 times off"
    assert found.tokens_per_s == pytest.approx(23_079.9, rel=0.01)
    assert found.step_ms <= 40 * 1.001
    assert found.batch == found.batch_limit
    assert size("llama-2-70b-chat-hf", "4xH200", asked).level == "bare formula"  # another count is another machine


def test_a_row_at_other_lengths_is_carried_over_by_the_formula() -> None:
    asked = Wanted(precision="fp8", input_tokens=294, output_tokens=294, ms_per_token_max=50)
    same = size("llama-2-70b-chat-hf", "8xH200", asked)
    longer = size(
        "llama-2-70b-chat-hf",
        "8xH200",
        Wanted(precision="fp8", input_tokens=580, output_tokens=294, ms_per_token_max=50),
    )
    assert longer.level == "measured row"
    assert longer.tokens_per_s < same.tokens_per_s
    assert longer.step_ms <= 50 * 1.01


ROW = MeasuredRow("m", "H100", 1, "bf16", 1_000.0, "s", batch=64, input_tokens=300, output_tokens=400)


def test_the_nearest_is_the_least_off_in_whatever_is_most_off() -> None:
    rows = [
        ROW,
        MeasuredRow("m", "H100", 1, "bf16", 900.0, "close in batch, far in tokens", 60, 600, 400),
        MeasuredRow("m", "H100", 1, "bf16", 900.0, "saturated", 0, 300, 400),
    ]
    found = nearest(rows, 60, 300, 400)
    assert found is not None
    assert found.row == ROW
    assert found.away == pytest.approx(64 / 60)
    assert nearest(rows, 64 * BATCH_FACTOR_MAX * 1.01, 300, 400) is None
    assert nearest(rows, 64, 100, 400) is None


def test_a_saturated_row_stands_only_for_a_wait_it_kept() -> None:
    kept = MeasuredRow("m", "H100", 1, "bf16", 500.0, "kept", wait_ms_max=40)
    free = MeasuredRow("m", "H100", 1, "bf16", 900.0, "free")

    def stands(wait_ms: float, *, is_by_wait: bool) -> str:
        near = nearest_saturated([kept, free], 300, 400, wait_ms, is_by_wait=is_by_wait)
        return near.row.source if near else ""

    assert stands(39, is_by_wait=True) == ""
    assert stands(50, is_by_wait=True) == "kept"
    assert stands(81, is_by_wait=True) == ""
    assert stands(81, is_by_wait=False) == "free"
