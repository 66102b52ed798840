"""Every number that decides what the house model becomes, in one frozen value that the model card repeats."""

import msgspec

NAME = "solvent-house-1"
QUESTION = "<|question|>"
ANSWER = "<|answer|>"
END = "<|end|>"
QUESTION_BYTES_MAX = 400
"""The chat template keeps this many bytes of a question (llama.cpp slices bytes), so that even one token a byte
leaves room for the answer in a context of 512 tokens."""

CHAT_TEMPLATE = (
    "{%- set asked = namespace(text='', rules='') -%}"
    "{%- for message in messages -%}"
    "{%- if message.role == 'user' -%}{%- set asked.text = message.content -%}"
    "{%- elif message.role == 'system' -%}{%- set asked.rules = message.content | trim -%}{%- endif -%}"
    "{%- endfor -%}"
    "{{- '" + QUESTION + "' + (asked.text | trim | lower)[:" + str(QUESTION_BYTES_MAX) + "] + '" + ANSWER + "' -}}"
)
"""Renders only the last user message: system prompts and earlier turns are nothing this model has learnt.
The rules are read but never written, because llama.cpp prepends them to the question of a template that ignores
them."""


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Recipe(msgspec.Struct, frozen=True):
    """Shape, optimiser and data mixture. Widths are multiples of 256, which K-quants need."""

    vocabulary: int = 4096
    layers: int = 4
    width: int = 256
    feed_forward: int = 768
    heads: int = 4
    key_value_heads: int = 2
    context: int = 1024
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-6
    dropout: float = 0.1
    batch_rows: int = 96
    chunk_questions: int = 9_600
    peak_learning_rate: float = 1.5e-3
    final_learning_rate: float = 3e-5
    warm_up_steps: int = 100
    weight_decay: float = 0.05
    averaging: float = 0.998
    answer_head_tokens: int = 6
    full_answer_share: float = 0.08
    merge_dropout: float = 0.10
    merge_dropout_share: float = 0.5
    tokenizer_questions: int = 60_000
    seed: int = 20_261_124
    quantisation: str = "Q8_0"
    refusal_bias: float = 2.0
    """Added to the score of the refusal's first token: in doubt it refuses. Chosen on the mock examination, where
    it costs under four points on topic and gains six on unrelated questions."""

    @property
    def head_width(self) -> int:
        """Columns of one attention head."""
        return self.width // self.heads


def prompt_text(question: str) -> str:
    """What the chat template makes of a question, without its marks; training sees exactly this."""
    lowered = question.strip().translate(_ASCII_LOWER).encode()
    return lowered[:QUESTION_BYTES_MAX].decode(errors="replace")
