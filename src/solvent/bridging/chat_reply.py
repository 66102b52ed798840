"""A messages reply as a chat completion: whole, or event by event as a fold without I/O."""

from __future__ import annotations

from typing import Any

import msgspec

from solvent.bridging.words import raw
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable
from solvent.values.finish import FINISH_REASONS


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    content_block: _Block | None = None
    delta: _Delta | None = None


class _Whole(msgspec.Struct):
    content: list[_Block]
    stop_reason: str | None = None


class ChatReply:
    """Turns what a provider of messages says into chat. created_s: when, as chat's `created` says it."""

    def __init__(self, created_s: int) -> None:
        self._created = raw(created_s)
        self._tools: dict[int, int] = {}  # by the index of its block: which tool call it is

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """One event of messages as at most one chunk of chat; what was counted of it is never lost."""
        event = _read(chunk, _Event)
        choice = self._choice(event)
        return [self._beside(chunk, "chat.completion.chunk", choice) if choice else _bare(chunk)]

    def end(self) -> list[Chunk]:
        """The stream is over: in chat nothing is left to say."""
        return []

    def whole(self, chunk: Chunk) -> Chunk:
        """A whole message as a whole chat completion."""
        said = _read(chunk, _Whole)
        text = "".join(block.text for block in said.content if block.type == "text")
        thought = "".join(block.thinking for block in said.content if block.type == "thinking")
        calls = [_call(block) for block in said.content if block.type == "tool_use"]
        message: dict[str, object] = {"role": "assistant", "content": text if text or not calls else None}
        if thought:
            message["reasoning_content"] = thought
        if calls:
            message["tool_calls"] = calls
        finish = FINISH_REASONS.get(said.stop_reason or "", "stop")
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return self._beside(chunk, "chat.completion", choice)

    def _choice(self, event: _Event) -> dict[str, object]:
        delta = self._delta(event)
        finish = event.delta.stop_reason if event.type == "message_delta" and event.delta else None
        if delta is None and finish is None:
            return {}
        told = FINISH_REASONS.get(finish, "stop") if finish else None
        return {"index": 0, "delta": delta or {}, "finish_reason": told}

    def _delta(self, event: _Event) -> dict[str, object] | None:
        block, delta = event.content_block, event.delta
        if event.type == "message_start":
            return {"role": "assistant", "content": ""}
        if event.type == "content_block_start" and block is not None:
            if block.type != "tool_use":
                return {"content": block.text} if block.text else None
            at = self._tools.setdefault(event.index, len(self._tools))
            function = {"name": block.name, "arguments": ""}
            return {"tool_calls": [{"index": at, "id": block.id, "type": "function", "function": function}]}
        if event.type != "content_block_delta" or delta is None:
            return None
        if delta.type == "text_delta":
            return {"content": delta.text}
        if delta.type == "thinking_delta":
            return {"reasoning_content": delta.thinking}
        if delta.type == "input_json_delta" and event.index in self._tools:
            function = {"arguments": delta.partial_json}
            return {"tool_calls": [{"index": self._tools[event.index], "function": function}]}
        return None

    def _beside(self, chunk: Chunk, kind: str, choice: dict[str, object]) -> Chunk:
        members = {"id": raw(""), "object": raw(kind), "created": self._created, "model": raw(""),
                   "choices": raw([choice])}  # fmt: skip
        return msgspec.structs.replace(chunk, members=members)


def _call(block: _Block) -> dict[str, object]:
    return {
        "id": block.id,
        "type": "function",
        "function": {"name": block.name, "arguments": bytes(block.input).decode()},
    }


def _bare(chunk: Chunk) -> Chunk:
    return msgspec.structs.replace(chunk, members={})


def _read(chunk: Chunk, kind: Any) -> Any:
    try:
        return msgspec.json.decode(msgspec.json.encode(chunk.members), type=kind)
    except msgspec.DecodeError as wrong:
        raise Unavailable("upstream_garbage", f"the model's provider sent what is no message: {wrong}") from None
