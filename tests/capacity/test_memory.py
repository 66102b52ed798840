"""What memory holds: the least count that holds a model, and which precisions would."""

from __future__ import annotations

import pytest

from solvent.app.capacity_data import find_fleet, find_model
from solvent.capacity.hardware import Fleet
from solvent.capacity.memory import count_that_holds, precisions_that_hold, room

LLAMA = find_model("llama-3.3-70b-instruct").shape


def test_what_is_missing_and_what_would_do() -> None:
    one = find_fleet("H100")
    found = room(LLAMA, one, "bf16", 700)
    assert found.usable_bytes == pytest.approx(72e9)
    assert found.weights_bytes == pytest.approx(1.05 * 2 * 70.55e9, rel=0.01)
    assert found.each_bytes == pytest.approx(2 * 8 * 128 * 2 * 80 * 700)  # keys and values of 8 heads, 80 layers
    assert found.short_bytes == pytest.approx(found.weights_bytes + found.each_bytes - 72e9)
    assert precisions_that_hold(LLAMA, one, "bf16", 700) == ["fp4"]
    assert precisions_that_hold(LLAMA, find_fleet("2xH100"), "bf16", 700) == ["fp8", "fp4"]
    assert count_that_holds(LLAMA, one, "bf16", 700) == 3


def test_the_count_is_the_least_and_there_may_be_none() -> None:
    for name, precision in (("deepseek-r1", "fp8"), ("qwen3-8b", "f32"), ("llama-3.1-405b-instruct", "bf16")):
        shape, device = find_model(name).shape, find_fleet("A100").device
        count = count_that_holds(shape, Fleet(device), precision, 10_000)
        assert count is not None
        assert not room(shape, Fleet(device, count), precision, 10_000).short_bytes
        assert count == 1 or room(shape, Fleet(device, count - 1), precision, 10_000).short_bytes
    latent = find_model("deepseek-r1").shape  # its cache cannot be split: every device keeps all of it
    assert count_that_holds(latent, find_fleet("L4"), "fp8", 10_000_000) is None
