"""A chat completion as it is read here, whole or in chunks: what of it the other dialects tell."""

from __future__ import annotations

import msgspec

from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable


class Function(msgspec.Struct):
    """Of a tool call, or a piece of it."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """index: which call of the message a piece belongs to; whole messages do not say."""

    index: int = 0
    id: str | None = None
    function: Function | None = None


class Said(msgspec.Struct):
    """A message, or what a chunk adds to it."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None

    @property
    def thought(self) -> str | None:
        """What was thought, by whichever of its two names it comes."""
        return self.reasoning_content or self.reasoning


class Choice(msgspec.Struct):
    """delta: of a chunk. message: of a whole completion."""

    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None


_decode_choices = msgspec.json.Decoder(list[Choice] | None).decode


def choices_of(chunk: Chunk) -> list[Choice]:
    """The choices of a completion; none where it only counts. Raises Unavailable for what is no completion."""
    choices = chunk.members.get("choices")
    if choices is None:
        return []
    try:
        return _decode_choices(choices) or []
    except msgspec.DecodeError as wrong:
        raise Unavailable("upstream_garbage", f"the model's provider sent what is no completion: {wrong}") from None
