"""The header of a GGUF file: a model's shape and size without its weights, read from the file's first bytes.

Source: the GGUF specification, version 3 (ggml, docs/gguf.md, 2025).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from solvent.capacity.model_shape import Shape, shape_of
from solvent.values.errors import Invalid

MEMBERS_MAX: Final = 10_000
ITEMS_MAX: Final = 10_000_000  # of one list, such as the words of a vocabulary
DEPTH_MAX: Final = 4  # of lists in lists
_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_STRING, _LIST = 8, 9
_NUMBERS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

# Source: ggml's ggml_ftype, 2025: what most of a file's weights are kept in.
_PRECISIONS: Final = {0: "f32", 1: "bf16", 2: "q4_0", 7: "q8_0", 15: "q4_k_m", 17: "q5_k_m", 18: "q6_k", 32: "bf16"}

_MEMBERS: Final = {
    "embedding_length": "hidden_size", "block_count": "num_hidden_layers", "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads", "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim", "attention.sliding_window": "sliding_window", "expert_count": "num_experts",
    "expert_used_count": "num_experts_per_tok", "expert_feed_forward_length": "moe_intermediate_size",
    "vocab_size": "vocab_size", "attention.kv_lora_rank": "kv_lora_rank", "attention.q_lora_rank": "q_lora_rank",
    "leading_dense_block_count": "first_k_dense_replace", "expert_shared_count": "n_shared_experts",
}  # fmt: skip


class _Reader:
    """Walks the bytes. Raises Invalid where they end."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.at = 0

    def take(self, size: int) -> bytes:
        if size > len(self.head) - self.at:
            raise _broken("it ends within its header, or the header is longer than what may be read of it")
        self.at += size
        return self.head[self.at - size : self.at]

    def number(self, form: str) -> int | float:
        found: int | float = struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]
        return found

    def text(self) -> str:
        return self.take(int(self.number("Q"))).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> object:
        """A number, a text, or of a list how many items it has: nothing here needs more."""
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _LIST or depth >= DEPTH_MAX:
            raise _broken(f"it has a value of the unknown kind {kind}")
        inner, count = int(self.number("I")), int(self.number("Q"))
        if count > ITEMS_MAX:
            raise _broken(f"it has a list of {count:,} items")
        if inner in _NUMBERS:
            items = [self.number(_NUMBERS[inner]) for _ in range(count)] if count <= MEMBERS_MAX else []
            if not items:
                self.take(count * struct.calcsize(_NUMBERS[inner]))
            return items or count
        for _ in range(count):
            self.value(inner, depth + 1)
        return count


def gguf_members(head: bytes) -> dict[str, object]:
    """The members of the header. head: the file's first bytes. Raises Invalid for what is no GGUF, or cut short."""
    reader = _Reader(head)
    if reader.take(4) != _MAGIC:
        raise _broken("it does not begin with GGUF")
    version = int(reader.number("I"))
    if version not in _VERSIONS:
        raise _broken(f"it is of version {version}; versions 2 and 3 are known")
    reader.take(8)  # how many tensors it has
    count = int(reader.number("Q"))
    if count > MEMBERS_MAX:
        raise _broken(f"it claims to have {count:,} members")
    members: dict[str, object] = {}
    for _ in range(count):
        name = reader.text()
        members[name] = reader.value(int(reader.number("I")))
    return members


def gguf_shape(name: str, members: Mapping[str, object]) -> tuple[Shape, str]:
    """The model's shape and the precision of its weights. Raises Invalid naming what the header lacks."""
    family = members.get("general.architecture")
    config: dict[str, object] = {"tie_word_embeddings": False}
    for theirs, ours in _MEMBERS.items():
        value = members.get(f"{family}.{theirs}")
        if isinstance(value, list):
            value = max(value, default=None)  # one a layer, where layers differ
        if value is not None:
            config[ours] = value
    config.setdefault("vocab_size", members.get("tokenizer.ggml.tokens"))
    kind = members.get("general.file_type")
    precision = _PRECISIONS.get(kind, "q4_k_m") if isinstance(kind, int) else "bf16"
    return shape_of(name, config), precision


def _broken(what: str) -> Invalid:
    return Invalid("gguf_invalid", f"this GGUF file cannot be read: {what}; download it again")
