"""Gemini's reply as a chat completion: whole, or event by event as a fold without I/O.

Its function calls come whole, and mostly without an id. What it signs of its thoughts travels as Google's own chat
API has it, in `extra_content`. Sources: as in gemini_request.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.bridging.words import raw
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable


class _Call(msgspec.Struct):
    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"{}")


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool = False
    function_call: _Call | None = None
    thought_signature: str | None = None


class _Content(msgspec.Struct):
    parts: Sequence[_Part] = ()


class _Candidate(msgspec.Struct):
    content: _Content | None = None


class _Event(msgspec.Struct, rename="camel"):
    candidates: Sequence[_Candidate] = ()
    response_id: str = ""


_decode = msgspec.json.Decoder(_Event).decode


class GeminiReply:
    """Turns what Gemini says into chat. created_s: when, as chat's `created` says it."""

    def __init__(self, created_s: int) -> None:
        self._created_s = created_s
        self._begun = False
        self._calls = 0  # so far

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """One event as at most one chunk of chat; what was counted of it is never lost."""
        delta = self._said(_read(chunk), in_stream=True)
        why = self._why(chunk)
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": "", **delta}
        elif not delta and not why:
            return [msgspec.structs.replace(chunk, members={})]
        choice: dict[str, object] = {"delta": delta, "finish_reason": why or None}
        return [self._beside(chunk, "chat.completion.chunk", choice, why)]

    def end(self) -> list[Chunk]:
        """The stream is over: in chat nothing is left to say."""
        return []

    def whole(self, chunk: Chunk) -> Chunk:
        """A whole reply as a whole chat completion."""
        said = self._said(_read(chunk), in_stream=False)
        if "content" not in said:
            said["content"] = None if "tool_calls" in said else ""
        why = self._why(chunk)
        choice: dict[str, object] = {"message": {"role": "assistant", **said}, "logprobs": None, "finish_reason": why}
        return self._beside(chunk, "chat.completion", choice, why)

    def _said(self, event: _Event, *, in_stream: bool) -> dict[str, object]:
        """What an event says, of the one answer that is asked for."""
        content = event.candidates[0].content if event.candidates else None
        parts = content.parts if content else ()
        said: dict[str, object] = {}
        for name, is_thought in (("reasoning_content", True), ("content", False)):
            text = "".join(part.text or "" for part in parts if part.thought is is_thought)
            if text:
                said[name] = text
        calls = [
            self._call(part.function_call, part.thought_signature, event, in_stream=in_stream)
            for part in parts
            if part.function_call is not None
        ]
        return said | ({"tool_calls": calls} if calls else {})

    def _call(self, call: _Call, signature: str | None, event: _Event, *, in_stream: bool) -> dict[str, object]:
        at = self._calls
        self._calls += 1
        made: dict[str, object] = {
            "id": call.id or f"call_{event.response_id or self._created_s}_{at}",
            "type": "function",
            "function": {"name": call.name, "arguments": bytes(call.args).decode()},
        }
        if in_stream:
            made["index"] = at
        if signature:
            made["extra_content"] = {"google": {"thought_signature": signature}}
        return made

    def _why(self, chunk: Chunk) -> str:
        """Gemini says STOP also where it calls functions."""
        return "tool_calls" if chunk.finish == "stop" and self._calls else chunk.finish

    def _beside(self, chunk: Chunk, kind: str, choice: dict[str, object], why: str) -> Chunk:
        members = {
            "id": raw(""), "object": raw(kind), "created": raw(self._created_s), "model": raw(""),
            "choices": raw([{"index": 0, **choice}]),
        }  # fmt: skip
        return msgspec.structs.replace(chunk, members=members, finish=why)


def _read(chunk: Chunk) -> _Event:
    try:
        return _decode(msgspec.json.encode(chunk.members))
    except msgspec.DecodeError as wrong:
        raise Unavailable("upstream_garbage", f"the model's provider sent what is no answer: {wrong}") from None
