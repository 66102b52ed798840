"""A step is a sum that grows with all it carries; memory and patience bound its batch; one point corrects it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.app.capacity_data import find_fleet, find_model
from solvent.capacity.batch_limit import BATCH_MAX, batch_limit, memory_limit
from solvent.capacity.calibration import CHANCE_MAX, calibrate, corrected
from solvent.capacity.energy import board_joules_per_token, metered_watt_hours
from solvent.capacity.hardware import BYTES, Fleet, count_and_name, precision_named
from solvent.capacity.model_shape import Shape
from solvent.capacity.step import Load, Terms, parts, reading_s, sequence_bytes, step_of, terms, weight_bytes
from solvent.values.errors import Invalid, SolventError

MODELS = [
    find_model(name).shape
    for name in ("Qwen3-8B", "Llama-3.3-70B-Instruct", "gpt-oss-120b", "DeepSeek-R1", "NVIDIA-Nemotron-Nano-9B-v2")
]
FLEETS = [find_fleet(name) for name in ("H100", "8xH200", "4xB200", "2xL40S")]

shapes = st.sampled_from(MODELS)
fleets = st.sampled_from(FLEETS)
precisions = st.sampled_from(sorted(BYTES))
batches = st.integers(1, BATCH_MAX)
tokens = st.integers(1, 100_000)
seconds = st.floats(1e-6, 10)


@given(shapes, fleets, precisions, batches, batches, tokens, tokens)
def test_a_larger_batch_takes_longer_in_all_and_less_each(
    shape: Shape, fleet: Fleet, precision: str, one: int, other: int, read: int, written: int
) -> None:
    few, many = sorted((one, other))
    short = step_of(shape, fleet, precision, Load(few, read, written)).total_s
    long = step_of(shape, fleet, precision, Load(many, read, written)).total_s
    assert short <= long * (1 + 1e-12)
    assert long / many <= short / few * (1 + 1e-9)


@given(shapes, fleets, batches, tokens, tokens)
def test_a_step_is_the_sum_of_what_is_paid_once_and_what_each_adds(
    shape: Shape, fleet: Fleet, batch: int, read: int, written: int
) -> None:
    load = Load(batch, read, written)
    found = step_of(shape, fleet, "bf16", load)
    assert found.total_s == pytest.approx(found.once_s + found.sequences_s + found.serving_s)
    twice = step_of(shape, fleet, "bf16", Load(2 * batch, read, written))
    assert twice.sequences_s == pytest.approx(2 * found.sequences_s)
    assert twice.serving_s == pytest.approx(2 * found.serving_s)
    assert twice.launching_s == found.launching_s


def test_a_known_step_by_hand() -> None:
    """Llama 3.1 70B on four H100 at 8 answers: 139 GB over 13.4 TB/s at 0.95 of it, and 80 layers to launch."""
    fleet = find_fleet("4xH100")
    found = step_of(find_model("llama-3.1-70b").shape, fleet, "bf16", Load(8, 200, 349))
    assert found.weights_s == pytest.approx(139.0e9 / 13.4e12 * 1.05, rel=0.01)
    assert found.launching_s == pytest.approx(80 * 89.5e-6, rel=0.3)
    assert found.total_s == pytest.approx(0.0170, rel=0.2)  # measured: ML.ENERGY v3, 2025-12


def test_a_long_question_is_read_in_more_than_proportion_and_a_window_spares_it() -> None:
    """8 billion parameters, 32 layers 4,096 wide: at 100,000 tokens attention is 1.7 times the matrices."""
    fleet, llama = find_fleet("H100"), find_model("llama-3.1-8b-instruct").shape
    short, long = (reading_s(llama, fleet, "bf16", tokens) for tokens in (100, 100_000))
    assert long == pytest.approx(short * 1_000 * (1 + 4 * 4096 * 32 * 50_000 / (2 * llama.active_parameters)), rel=0.01)
    gemma = find_model("gemma-3-27b-it").shape  # five of six layers see 1,024 tokens
    assert reading_s(gemma, fleet, "bf16", 100_000) < 2_000 * reading_s(gemma, fleet, "bf16", 100)


def test_one_device_exchanges_nothing_and_shards_no_experts() -> None:
    of = parts(find_model("gpt-oss-120b").shape, find_fleet("H100"), "mxfp4", Load(8, 100, 100))
    assert (of.exchange_s, of.sharded_expert_weights_s) == (0, 0)
    assert terms(of).weights_s > 0


def test_heads_that_cannot_be_split_are_kept_twice() -> None:
    shape = find_model("Qwen3-235B-A22B").shape  # 4 heads of keys
    four, eight = (sequence_bytes(shape, find_fleet(f"{n}xH100"), 1_000) for n in (4, 8))
    assert eight == 2 * four


@given(shapes, fleets, precisions, tokens)
def test_the_largest_batch_fits_and_one_more_would_not(shape: Shape, fleet: Fleet, precision: str, size: int) -> None:
    weights, each = 1.05 * weight_bytes(shape, precision), sequence_bytes(shape, fleet, size)
    try:
        most = memory_limit(shape, fleet, precision, size)
    except Invalid as refused:
        assert refused.code == "model_does_not_fit"  # noqa: PT017
        assert weights + each > 0.9 * fleet.memory_bytes
        return
    assert weights + most * each <= 0.9 * fleet.memory_bytes * (1 + 1e-9)
    assert most == BATCH_MAX or weights + (most + 1) * each > 0.9 * fleet.memory_bytes * (1 - 1e-9)


@given(st.integers(1, BATCH_MAX), st.floats(1e-3, 1), st.floats(1e-6, 1e-2), st.floats(1e-3, 20))
def test_the_batch_under_a_wait_is_the_largest_that_keeps_it(
    memory: int, once: float, each: float, most: float
) -> None:
    def step_s(batch: int) -> float:
        return once + each * batch

    try:
        found = batch_limit(memory, step_s, most)
    except Invalid as refused:
        assert refused.code == "latency_out_of_reach"  # noqa: PT017
        assert step_s(1) > most
        return
    assert step_s(found.batch) <= most
    assert found.batch == memory or step_s(found.batch + 1) > most
    assert (found.because == "latency") == (found.batch < memory)


@given(seconds, seconds, seconds, seconds, st.floats(0.02, 50))
def test_after_calibrating_the_point_comes_out_but_for_chance(
    a: float, b: float, c: float, d: float, factor: float
) -> None:
    bare = Terms(a, b, c, d)
    measured = bare.total_s * factor
    off = math.log(corrected(bare, calibrate(bare, measured)).total_s / measured)
    assert abs(off) <= CHANCE_MAX + 1e-6
    assert off * math.log(factor) <= 1e-9  # it stays on the side of what was expected


def test_a_point_that_agrees_corrects_nothing_and_overhead_is_corrected_most() -> None:
    bare = Terms(0.01, 0.01, 0.01, 0.01)
    same = calibrate(bare, bare.total_s)
    assert same.weights == pytest.approx(1.0)
    assert same.serving == pytest.approx(1.0)
    slower = calibrate(bare, 2 * bare.total_s)
    assert slower.launching > slower.weights > 1


def test_energy_is_shared_by_the_batch_and_counted_at_the_meter() -> None:
    fleet = find_fleet("4xH100")
    assert board_joules_per_token(fleet, 0.05, 100) == pytest.approx(0.73 * 4 * 700 * 0.05 / 100)
    assert metered_watt_hours(3_600, 1.2) == pytest.approx(1.3 * 1.2)


@pytest.mark.parametrize("text", ["", "0xH100", "99999xH100", "x" * 99, "-1xH100"])
def test_hardware_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(SolventError, match="4xH100") as refused:
        find_fleet(text)
    assert refused.value.code == "unknown_hardware"


def test_counts_and_precisions_are_read_as_people_write_them() -> None:
    assert count_and_name("4xH100") == (4, "H100")
    assert count_and_name(" 4 * RTX-4090 ") == (4, "RTX-4090")
    assert count_and_name("xH") == (1, "xH")
    assert (precision_named("BFloat16"), precision_named("nvfp4")) == ("bf16", "fp4")
    with pytest.raises(Invalid, match="one of: f32"):
        precision_named("bf17")


def test_a_narrow_weight_computes_as_narrow_as_the_device_can() -> None:
    h100, b200, a100 = (find_fleet(name).device for name in ("H100", "B200", "A100"))
    assert h100.flops_at("fp8") == 2 * h100.flops_at("bf16") + 1e12
    assert h100.flops_at("fp4") == h100.flops_at("bf16")
    assert b200.flops_at("fp4") == 4 * b200.flops_at("bf16")
    assert a100.flops_at("fp8") == a100.flops_at("q4_k_m") == 312e12
