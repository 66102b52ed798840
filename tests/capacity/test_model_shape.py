"""Shapes: counted parameters come to what was published, and a config.json that sizes nothing is refused by name."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.app.capacity_data import NamedModel, find_fleet, find_model, named_hardware, named_models
from solvent.capacity.estimate import Asked, Known, estimate
from solvent.capacity.gguf_header import gguf_members, gguf_shape
from solvent.capacity.model_shape import shape_of
from solvent.values.errors import Invalid, SolventError

GGUF_LLAMA = {
    "embedding_length": 4096, "block_count": 32, "feed_forward_length": 14336, "attention.head_count": 32,
    "attention.head_count_kv": 8, "attention.key_length": 128, "vocab_size": 128256, "expert_count": 8,
    "expert_used_count": 2, "attention.sliding_window": 4096,
}  # fmt: skip
HOUSE = Path("src/solvent/data/house_model/solvent-house-1.gguf")
LLAMA = {
    "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256,
}  # fmt: skip


@pytest.mark.parametrize("model", named_models(), ids=lambda model: model.name)
def test_a_named_models_parameters_come_to_what_its_card_says(model: NamedModel) -> None:
    assert shape_of(model.name, model.config).stored_parameters / 1e9 == pytest.approx(model.billions, rel=0.04)


# Source: the models' cards: parameters that one token passes through, the embedding table with them.
@pytest.mark.parametrize(
    ("name", "billions"), [("Qwen3-30B-A3B", 3.3), ("Qwen3-235B-A22B", 22), ("gpt-oss-120b", 5.1), ("DeepSeek-R1", 37)]
)
def test_experts_leave_as_much_active_as_the_card_says(name: str, billions: float) -> None:
    assert find_model(name).shape.active_parameters / 1e9 == pytest.approx(billions, rel=0.09)


def test_names_are_known_once_whatever_their_case() -> None:
    for names in (
        [name for model in named_models() for name in (model.name, *model.also)],
        [name for device in named_hardware() for name in (device.name, *device.also)],
    ):
        assert len({name.lower() for name in names}) == len(names)
    assert find_model("LLAMA-3.3-70b-instruct").shape.layers == 80
    assert find_fleet("8 x b200").count == 8


def test_a_latent_cache_is_small_and_cannot_be_split() -> None:
    shape = find_model("DeepSeek-R1").shape
    assert (shape.cache_values, shape.cache_splits) == (512 + 64, 1)


def test_windows_keep_no_more_than_themselves() -> None:
    shape = find_model("gemma-3-27b-it").shape
    assert (shape.windowed_layers, shape.window) == (52, 1024)
    assert shape.cached_tokens(512) == 62 * 512
    assert shape.cached_tokens(100_000) == 10 * 100_000 + 52 * 1024
    kinds = ["sliding_attention", "full_attention"] * 16
    by_kind = shape_of("m", {**LLAMA, "sliding_window": 128, "layer_types": kinds})
    assert (by_kind.windowed_layers, by_kind.window) == (16, 128)


def test_the_text_part_of_several_modalities_is_sized() -> None:
    assert shape_of("m", {"text_config": LLAMA, "vision_config": {}}) == shape_of("m", LLAMA)


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_more_sequences_touch_more_experts_and_never_more_than_there_are(one: float, other: float) -> None:
    shape = find_model("gpt-oss-120b").shape
    few, many = sorted((one, other))
    assert 0 <= shape.experts_touched(few) <= shape.experts_touched(many) <= 1
    assert shape.experts_touched(1) == pytest.approx(4 / 128)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("hidden_size", None), ("hidden_size", 0), ("num_hidden_layers", 10**6), ("vocab_size", "many"),
        ("num_attention_heads", -1), ("hybrid_override_pattern", "M*"), ("layer_types", "all"),
        ("layer_types", ["full_attention", "linear_attention"]),
    ],
)  # fmt: skip
def test_a_config_that_sizes_nothing_is_refused_by_member(member: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        shape_of("m", {**LLAMA, member: value})
    assert refused.value.code == "model_config_invalid"
    assert member in refused.value.message


def test_encoders_are_refused() -> None:
    with pytest.raises(Invalid, match="only decoders"):
        shape_of("m", {**LLAMA, "is_encoder_decoder": True})


def test_the_house_models_own_file_tells_its_shape() -> None:
    found = find_model(str(HOUSE))
    assert (found.shape.layers, found.shape.hidden, found.precision) == (4, 256, "q8_0")
    assert found.shape.stored_parameters == pytest.approx(HOUSE.stat().st_size / 1.0625, rel=0.2)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_gguf_are_refused(head: bytes) -> None:
    for start in (head, b"GGUF" + struct.pack("<I", 3) + head):
        try:
            gguf_shape("m", gguf_members(start))
        except SolventError as refused:
            assert refused.code in ("gguf_invalid", "model_config_invalid")  # noqa: PT017


@given(st.integers(0, 20_000))
def test_a_gguf_that_was_cut_short_is_refused(size: int) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        gguf_members(HOUSE.read_bytes()[:size])


ODD = st.sampled_from([0, -1, 2**31, 2**62, 10**7])


@given(st.dictionaries(st.sampled_from(sorted(GGUF_LLAMA)), ODD, max_size=3))
def test_a_gguf_of_strange_values_is_refused_or_sized(odd: dict[str, int]) -> None:
    members = {**GGUF_LLAMA, **odd}
    head = (
        b"GGUF" + struct.pack("<IQQ", 3, 0, len(members) + 1) + _text("general.architecture") + _kind(8, _text("llama"))
    )
    head += b"".join(_text(f"llama.{name}") + _kind(11, struct.pack("<q", value)) for name, value in members.items())
    try:
        shape, precision = gguf_shape("m", gguf_members(head))
        found = estimate(Asked(shape, find_fleet("8xB200"), precision, 300, 400, 1.0), Known())
    except Invalid as refused:
        assert refused.code in ("model_config_invalid", "model_does_not_fit", "latency_out_of_reach")  # noqa: PT017
        return
    assert found.batch >= 1
    assert 0 < found.step_s < math.inf
    assert 0 < found.watt_hours < math.inf


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _kind(kind: int, value: bytes) -> bytes:
    return struct.pack("<I", kind) + value


def test_a_gguf_that_claims_too_much_is_refused() -> None:
    start = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    name = struct.pack("<Q", 1) + b"a"
    for told, what in (
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**40), "members"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 1), "version 9"),
        (start + struct.pack("<Q", 2**60), "ends within"),
        (start + name + struct.pack("<IIQ", 9, 4, 2**50), "items"),
        (start + name + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 9, 1) * 9, "unknown kind"),
        (start + name + struct.pack("<I", 77), "unknown kind 77"),
    ):
        with pytest.raises(Invalid, match=what):
            gguf_members(told)
