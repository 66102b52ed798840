"""The exporter and the quantiser: a tiny random model makes the whole way into the engine, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from solvent.lightening import quantise as quantise_file
from solvent.lightening.export_gguf import export_gguf
from solvent.lightening.house_model import engine
from solvent.lightening.quantise import ggml_library, quantise
from solvent.lightening.recipe import ANSWER, CHAT_TEMPLATE, END, QUESTION, Recipe

gguf = pytest.importorskip("gguf")
numpy = pytest.importorskip("numpy")


def _byte_letters() -> list[str]:
    """The 256 letters in which byte-level BPE writes bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + at) for at in range(len(others))]


def _tiny(directory: Path) -> tuple[Recipe, Mapping[str, Any], Path]:
    vocabulary = {token: at for at, token in enumerate([QUESTION, ANSWER, END, *_byte_letters(), "ab"])}
    recipe = msgspec.structs.replace(Recipe(), layers=2, vocabulary=len(vocabulary), feed_forward=256)
    chance = numpy.random.default_rng(1)
    shapes = {"token_embd.weight": (recipe.vocabulary, 256), "output_norm.weight": (256,)}
    for layer in range(recipe.layers):
        shapes |= {
            f"blk.{layer}.{name}": shape
            for name, shape in {
                "attn_norm.weight": (256,),
                "attn_q.weight": (256, 256),
                "attn_q.bias": (256,),
                "attn_k.weight": (128, 256),
                "attn_k.bias": (128,),
                "attn_v.weight": (128, 256),
                "attn_v.bias": (128,),
                "attn_output.weight": (256, 256),
                "ffn_norm.weight": (256,),
                "ffn_gate.weight": (256, 256),
                "ffn_up.weight": (256, 256),
                "ffn_down.weight": (256, 256),
            }.items()
        }
    weights = {name: chance.normal(0, 0.05, shape).astype(numpy.float32) for name, shape in shapes.items()}
    added = [{"id": at, "content": token, "special": True} for at, token in enumerate((QUESTION, ANSWER, END))]
    file = directory / "tokenizer.json"
    model = {"vocab": vocabulary, "merges": [["a", "b"]]}
    file.write_text(json.dumps({"added_tokens": added, "model": model}), encoding="utf-8")
    return recipe, weights, file


@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_K_M"])
def test_a_random_model_loads_and_answers_in_the_engine(kind: str, tmp_path: Path) -> None:
    recipe, weights, tokenizer = _tiny(tmp_path)
    recipe = msgspec.structs.replace(recipe, quantisation=kind)
    file = tmp_path / "tiny.gguf"
    assert export_gguf(recipe, weights, tokenizer, file) == sum(array.size for array in weights.values())
    with engine(file) as reply:
        assert isinstance(reply("ab?", 0.0), str)


def test_the_file_says_what_the_engine_needs(tmp_path: Path) -> None:
    recipe, weights, tokenizer = _tiny(tmp_path)
    export_gguf(recipe, weights, tokenizer, tmp_path / "tiny.gguf")
    reader = gguf.GGUFReader(tmp_path / "tiny.gguf")
    said = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert said["general.architecture"] == "qwen2"
    assert said["general.license"] == "apache-2.0"
    assert said["tokenizer.ggml.pre"] == "qwen2"
    assert said["tokenizer.chat_template"] == CHAT_TEMPLATE
    assert said["tokenizer.ggml.tokens"][said["tokenizer.ggml.eos_token_id"]] == END
    read = {tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type) for tensor in reader.tensors}
    assert set(read) == set(weights)
    for name, array in weights.items():
        assert numpy.abs(read[name].reshape(array.shape) - array).max() < 0.002, name


def test_the_engine_and_pure_python_quantise_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    array = numpy.random.default_rng(2).normal(0, 1, (8, 256)).astype(numpy.float32)
    if ggml_library() is None:
        pytest.skip("this engine build does not export ggml_quantize_chunk")
    fast, fast_kind = quantise(array, "Q8_0")
    monkeypatch.setattr(quantise_file, "ggml_library", lambda: None)
    slow, slow_kind = quantise(array, "Q8_0")
    assert fast_kind == slow_kind
    difference = gguf.quants.dequantize(fast, fast_kind) - gguf.quants.dequantize(slow, slow_kind)
    assert numpy.abs(difference).max() < 0.04
    assert quantise(array, "Q4_K")[1] == gguf.GGMLQuantizationType.Q8_0


def test_four_bits_stay_near_the_original() -> None:
    if ggml_library() is None:
        pytest.skip("this engine build does not export ggml_quantize_chunk")
    array = numpy.random.default_rng(3).normal(0, 1, (8, 256)).astype(numpy.float32)
    for kind, most in (("Q8_0", 0.02), ("Q6_K", 0.06), ("Q4_K", 0.25)):
        packed, raw = quantise(array, kind)
        assert numpy.abs(gguf.quants.dequantize(packed, raw) - array).max() < most * 2
