"""Write the trained network and its tokenizer as one GGUF file that llama.cpp loads as a Qwen2 model.

Quantises on the way: with ggml's own routine from the engine's wheel, else in pure Python. A blocking job.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solvent.lightening.quantise import quantise
from solvent.lightening.recipe import CHAT_TEMPLATE, END, NAME, Recipe

_FILE_TYPES = {"F16": 1, "Q8_0": 7, "Q4_K_M": 15, "Q6_K": 18}


def export_gguf(recipe: Recipe, weights: Mapping[str, Any], tokenizer_file: Path, gguf_file: Path) -> int:
    """Write the file and return the number of parameters; `weights` are arrays by state-dictionary name."""
    import gguf

    writer = gguf.GGUFWriter(str(gguf_file), "qwen2")
    _describe(writer, recipe)
    _write_tokenizer(writer, json.loads(tokenizer_file.read_text(encoding="utf-8")))
    parameters = 0
    for name, array in sorted(weights.items()):
        parameters += array.size
        kind = "F32" if array.ndim == 1 else _tensor_kind(recipe, name)
        data, raw_type = quantise(array, kind)
        writer.add_tensor(name, data, raw_dtype=raw_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return parameters


def _tensor_kind(recipe: Recipe, name: str) -> str:
    """llama.cpp's mixture, simplified: the embedding and the sensitive projections get more bits."""
    if recipe.quantisation != "Q4_K_M":
        return recipe.quantisation
    return "Q6_K" if name.startswith("token_embd") or ".attn_v." in name or ".ffn_down." in name else "Q4_K"


def _describe(writer: Any, recipe: Recipe) -> None:
    writer.add_name(NAME)
    writer.add_description("Answers questions about Solvent in Korean and English and refuses all others.")
    writer.add_license("apache-2.0")
    writer.add_languages(["ko", "en"])
    writer.add_block_count(recipe.layers)
    writer.add_context_length(recipe.context)
    writer.add_embedding_length(recipe.width)
    writer.add_feed_forward_length(recipe.feed_forward)
    writer.add_head_count(recipe.heads)
    writer.add_head_count_kv(recipe.key_value_heads)
    writer.add_key_length(recipe.head_width)
    writer.add_value_length(recipe.head_width)
    writer.add_layer_norm_rms_eps(recipe.norm_epsilon)
    writer.add_rope_freq_base(recipe.rope_base)
    writer.add_vocab_size(recipe.vocabulary)
    writer.add_file_type(_FILE_TYPES[recipe.quantisation])
    writer.add_quantization_version(2)
    # The likeliest token is the only sensible one for a model of fixed answers: with these defaults a client's
    # temperature changes nothing unless it sets top_k as well.
    writer.add_sampling_top_k(1)
    writer.add_sampling_temp(0.0)


def _write_tokenizer(writer: Any, tokenizer: Mapping[str, Any]) -> None:
    import gguf

    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    kinds = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(vocabulary[END])
    writer.add_eot_token_id(vocabulary[END])
    writer.add_pad_token_id(vocabulary[END])
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(CHAT_TEMPLATE)
