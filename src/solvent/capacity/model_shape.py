"""A language model's shape: what one step reads and computes, worked out from the members of its config.json.

Parameters are counted from the shape, so that a model nobody has named here is sized by the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from solvent.values.errors import Invalid

LAYERS_MAX: Final = 1_000
_Width = Annotated[int, Meta(ge=1, le=10_000_000)]
_Count = Annotated[int, Meta(ge=0, le=10_000_000)]
_CHUNKED_LAYERS: Final = 4  # of Llama 4's layers, every fourth sees the whole context

_WINDOWED: Final = ("sliding_attention", "chunked_attention")
_ATTENTION: Final = ("full_attention", *_WINDOWED)

# Names under which families keep the same member.
_ALSO: Final = {
    "num_experts": ("n_routed_experts", "num_local_experts"),
    "num_experts_per_tok": ("num_experts_per_token", "top_k_experts"),
    "intermediate_size": ("ffn_hidden_size",),
}


class ConfigMembers(msgspec.Struct, frozen=True):
    """The members of a config.json that size a model; the rest is passed over. 0 and "" for what it lacks."""

    hidden_size: _Width
    num_hidden_layers: Annotated[int, Meta(ge=1, le=LAYERS_MAX)]
    num_attention_heads: _Width
    intermediate_size: _Width
    vocab_size: _Width
    num_key_value_heads: _Count | None = None
    head_dim: _Count | None = None
    intermediate_size_mlp: _Count | None = None
    moe_intermediate_size: _Count | None = None
    num_experts: _Count | None = None
    num_experts_per_tok: _Count | None = None
    n_shared_experts: _Count | None = None
    first_k_dense_replace: _Count | None = None
    interleave_moe_layer_step: _Count | None = None
    kv_lora_rank: _Count | None = None
    q_lora_rank: _Count | None = None
    qk_nope_head_dim: _Count | None = None
    qk_rope_head_dim: _Count | None = None
    v_head_dim: _Count | None = None
    sliding_window: _Count | None = None
    sliding_window_pattern: _Count | None = None
    attention_chunk_size: _Count | None = None
    layer_types: Annotated[list[str], Meta(max_length=LAYERS_MAX)] | None = None
    hybrid_override_pattern: str | None = None
    mamba_num_heads: _Count | None = None
    mamba_head_dim: _Count | None = None
    ssm_state_size: _Count | None = None
    n_groups: _Count | None = None
    tie_word_embeddings: bool = False
    use_sliding_window: bool = True


class Shape(msgspec.Struct, frozen=True):
    """What sizes a step. Parameters are counts; cache_values and state_values are numbers kept, not bytes.

    shared_parameters: read by every step, the output matrix with them and the embedding table without.
    cache_values: kept per token and attention layer. cache_splits: over how many devices they can be split.
    windowed_layers: attention layers that see only the last `window` tokens. state_values: a sequence's, of any length.
    """

    name: str
    layers: int
    hidden: int
    attention_layers: int
    windowed_layers: int
    window: int
    attention_width: int
    moe_layers: int
    experts: int
    experts_active: int
    shared_parameters: int
    expert_parameters: int
    stored_parameters: int
    cache_values: int
    cache_splits: int
    state_values: int

    @property
    def active_parameters(self) -> float:
        """What one token passes through."""
        share = self.experts_active / self.experts if self.experts else 0.0
        return self.shared_parameters + self.expert_parameters * share

    def experts_touched(self, batch: float) -> float:
        """The share of experts that some sequence of the batch is sent to, if routing is even; 0 without experts."""
        if not self.experts:
            return 0.0
        missed: float = (1.0 - self.experts_active / self.experts) ** max(batch, 0.0)
        return 1.0 - missed

    def cached_tokens(self, context: float) -> float:
        """Tokens times layers that a sequence of `context` tokens keeps: windows keep no more than themselves."""
        whole = self.attention_layers - self.windowed_layers
        return whole * context + self.windowed_layers * min(context, self.window)


def shape_of(name: str, config: Mapping[str, object]) -> Shape:
    """From a config.json. A model of several modalities is sized by its text part.

    Raises Invalid naming the member that is missing or out of bounds.
    """
    text = config.get("text_config")
    members = dict(text) if isinstance(text, Mapping) else dict(config)
    for ours, theirs in _ALSO.items():
        if members.get(ours) is None:
            members[ours] = next((members[t] for t in theirs if members.get(t) is not None), None)
    if members.get("intermediate_size") is None:
        members["intermediate_size"] = members.get("moe_intermediate_size")
    if members.get("is_encoder_decoder"):
        raise Invalid("model_config_invalid", f"{name}: encoders with decoders are not known; only decoders are sized")
    found = {field: members[field] for field in ConfigMembers.__struct_fields__ if members.get(field) is not None}
    try:
        return _shape(name, msgspec.convert(found, ConfigMembers))
    except msgspec.ValidationError as wrong:
        raise Invalid("model_config_invalid", f"{name}: this is no config.json that sizes a model: {wrong}") from None
    except (ArithmeticError, ValueError) as wrong:
        raise Invalid("model_config_invalid", f"{name}: its config.json cannot be sized: {wrong}") from None


def _shape(name: str, c: ConfigMembers) -> Shape:
    pattern = c.hybrid_override_pattern
    unknown = sorted(set(c.layer_types or ()) - set(_ATTENTION))
    if unknown:
        raise ValueError(f"layer_types has {unknown[0][:40]!r}, of which nothing is known; {' '.join(_ATTENTION)} are")
    if pattern is not None and len(pattern) != c.num_hidden_layers:
        raise ValueError(f"hybrid_override_pattern names {len(pattern)} layers of {c.num_hidden_layers}")
    attention_layers = pattern.count("*") if pattern is not None else c.num_hidden_layers
    experts = c.num_experts or 0
    moe_layers = _moe_layers(c) if experts else 0
    dense_layers = pattern.count("-") if pattern is not None else c.num_hidden_layers - moe_layers
    windowed, window = _windows(c, attention_layers)
    expert_parameters = moe_layers * experts * _expert(c)
    embedding = c.vocab_size * c.hidden_size
    shared = (
        attention_layers * _attention_parameters(c)
        + dense_layers * _dense(c)
        + moe_layers * (_shared_experts(c) * _expert(c) + c.hidden_size * experts)
        + _mamba_parameters(c)
        + embedding
    )
    heads = c.num_key_value_heads or c.num_attention_heads
    latent = c.kv_lora_rank or 0
    return Shape(
        name=name, layers=c.num_hidden_layers, hidden=c.hidden_size, attention_layers=attention_layers,
        windowed_layers=windowed, window=window, attention_width=c.num_attention_heads * _head(c),
        moe_layers=moe_layers, experts=experts, experts_active=min(c.num_experts_per_tok or 1, experts),
        shared_parameters=shared, expert_parameters=expert_parameters,
        stored_parameters=shared + expert_parameters + (0 if c.tie_word_embeddings else embedding),
        cache_values=latent + (c.qk_rope_head_dim or 0) if latent else 2 * heads * _head(c),
        cache_splits=1 if latent else heads,
        state_values=_mamba_layers(c) * _mamba_width(c) * (c.ssm_state_size or 0),
    )  # fmt: skip


def _head(c: ConfigMembers) -> int:
    return c.head_dim or max(c.hidden_size // c.num_attention_heads, 1)


def _moe_layers(c: ConfigMembers) -> int:
    behind = c.num_hidden_layers - (c.first_k_dense_replace or 0)
    if behind < 1:
        raise ValueError(f"first_k_dense_replace leaves no layer of {c.num_hidden_layers} with experts")
    return behind // (c.interleave_moe_layer_step or 1)


def _expert(c: ConfigMembers) -> int:
    return 3 * c.hidden_size * (c.moe_intermediate_size or c.intermediate_size)


def _dense(c: ConfigMembers) -> int:
    matrices = 2 if c.hybrid_override_pattern is not None else 3  # hybrids have no gate
    return matrices * c.hidden_size * (c.intermediate_size_mlp or c.intermediate_size)


def _shared_experts(c: ConfigMembers) -> int:
    return c.n_shared_experts if c.n_shared_experts is not None else int(c.interleave_moe_layer_step is not None)


def _windows(c: ConfigMembers, attention_layers: int) -> tuple[int, int]:
    """How many attention layers see only a window, and how long it is."""
    window = (c.sliding_window if c.use_sliding_window else 0) or c.attention_chunk_size or 0
    if not window:
        return 0, 0
    if c.layer_types is not None:
        return min(sum(kind in _WINDOWED for kind in c.layer_types), attention_layers), window
    every = c.sliding_window_pattern or (_CHUNKED_LAYERS if c.attention_chunk_size else 0)
    return attention_layers - (attention_layers // every if every else 0), window


def _attention_parameters(c: ConfigMembers) -> int:
    """Of one layer. Source of the latent form: DeepSeek-V2, arXiv 2405.04434, section 2.1."""
    hidden, heads, head = c.hidden_size, c.num_attention_heads, _head(c)
    if not c.kv_lora_rank:
        return 2 * hidden * heads * head + 2 * hidden * (c.num_key_value_heads or heads) * head
    plain, turned, value = c.qk_nope_head_dim or head, c.qk_rope_head_dim or 0, c.v_head_dim or head
    asked = heads * (plain + turned)
    query = c.q_lora_rank * (hidden + asked) if c.q_lora_rank else hidden * asked
    return (
        query + hidden * (c.kv_lora_rank + turned) + c.kv_lora_rank * heads * (plain + value) + heads * value * hidden
    )


def _mamba_layers(c: ConfigMembers) -> int:
    return (c.hybrid_override_pattern or "").count("M")


def _mamba_width(c: ConfigMembers) -> int:
    return (c.mamba_num_heads or 0) * (c.mamba_head_dim or 0)


def _mamba_parameters(c: ConfigMembers) -> int:
    """Source: Mamba-2, arXiv 2405.21060, section 7: one projection in, one out."""
    inner = _mamba_width(c)
    read = 2 * inner + 2 * (c.n_groups or 1) * (c.ssm_state_size or 0) + (c.mamba_num_heads or 0)
    return _mamba_layers(c) * c.hidden_size * (read + inner)
