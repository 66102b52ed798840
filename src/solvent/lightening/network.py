"""The Qwen2 architecture as two functions over named tensors, as small as it can be written.

Names are llama.cpp's tensor names, so exporting is writing. A blocking job: torch is a development dependency and
is imported inside functions.
"""

from typing import Any

from solvent.lightening.recipe import Recipe

Weights = dict[str, Any]


def make_weights(recipe: Recipe, vocabulary: int) -> Weights:
    """Random tensors by name: matrices small and normal, norms one, biases zero."""
    import torch

    torch.manual_seed(recipe.seed)
    width, narrow = recipe.width, recipe.key_value_heads * recipe.head_width
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (vocabulary, width), "output_norm.weight": (width,)}
    for layer in range(recipe.layers):
        for name, out in (("attn_q", width), ("attn_k", narrow), ("attn_v", narrow)):
            shapes[f"blk.{layer}.{name}.weight"] = (out, width)
            shapes[f"blk.{layer}.{name}.bias"] = (out,)
        shapes[f"blk.{layer}.attn_norm.weight"] = shapes[f"blk.{layer}.ffn_norm.weight"] = (width,)
        shapes[f"blk.{layer}.attn_output.weight"] = (width, width)
        shapes[f"blk.{layer}.ffn_gate.weight"] = (recipe.feed_forward, width)
        shapes[f"blk.{layer}.ffn_up.weight"] = (recipe.feed_forward, width)
        shapes[f"blk.{layer}.ffn_down.weight"] = (width, recipe.feed_forward)
    weights: Weights = {}
    for name, shape in shapes.items():
        if name.endswith("norm.weight"):
            tensor = torch.ones(shape)
        elif name.endswith("bias"):
            tensor = torch.zeros(shape)
        else:
            tensor = torch.randn(shape) * 0.02
        weights[name] = tensor.requires_grad_()
    return weights


def hidden_states(recipe: Recipe, weights: Weights, tokens: Any, dropout: float) -> Any:
    """Last hidden states (rows, length, width); rows are padded on the right, which causality ignores."""
    import torch
    from torch.nn import functional

    length = tokens.shape[1]
    x = functional.embedding(tokens, weights["token_embd.weight"])
    x = functional.dropout(x, dropout, training=dropout > 0)
    turns = recipe.rope_base ** -(torch.arange(0, recipe.head_width, 2).float() / recipe.head_width)
    angles = torch.outer(torch.arange(length).float(), torch.cat((turns, turns)))
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    for layer in range(recipe.layers):
        block = {
            name.removeprefix(f"blk.{layer}."): tensor
            for name, tensor in weights.items()
            if name.startswith(f"blk.{layer}.")
        }
        h = _norm(recipe, x, block["attn_norm.weight"])
        x = x + _attention(recipe, block, h, (angles.cos(), angles.sin(), future))
        h = _norm(recipe, x, block["ffn_norm.weight"])
        gate = functional.silu(functional.linear(h, block["ffn_gate.weight"]))
        h = gate * functional.linear(h, block["ffn_up.weight"])
        x = x + functional.linear(h, block["ffn_down.weight"])
    return _norm(recipe, x, weights["output_norm.weight"])


def scores(weights: Weights, hidden: Any) -> Any:
    """Scores over the vocabulary, with the embedding as the output matrix."""
    from torch.nn import functional

    return functional.linear(hidden, weights["token_embd.weight"])


def _norm(recipe: Recipe, x: Any, weight: Any) -> Any:
    from torch.nn import functional

    return functional.rms_norm(x, (recipe.width,), weight, recipe.norm_epsilon)


def _attention(recipe: Recipe, block: Weights, h: Any, places: tuple[Any, Any, Any]) -> Any:
    """Written out: on a CPU with short rows this trains faster than the fused attention."""
    import torch
    from torch.nn import functional

    rows, length, width = h.shape
    cosine, sine, future = places

    def heads(name: str) -> Any:
        y = functional.linear(h, block[f"{name}.weight"], block[f"{name}.bias"].to(h.dtype))
        return y.view(rows, length, -1, recipe.head_width).transpose(1, 2)

    def turned(y: Any) -> Any:
        left, right = y.chunk(2, dim=-1)
        return (y * cosine + torch.cat((-right, left), dim=-1) * sine).to(y.dtype)

    repeats = recipe.heads // recipe.key_value_heads
    query, key, value = turned(heads("attn_q")), turned(heads("attn_k")), heads("attn_v")
    key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    likeness = (query @ key.transpose(-1, -2)).float() * recipe.head_width**-0.5
    mixed = likeness.masked_fill(future, float("-inf")).softmax(-1).to(value.dtype) @ value
    return functional.linear(mixed.transpose(1, 2).reshape(rows, length, width), block["attn_output.weight"])
