"""What AWS's Converse says as a chat completion: whole, or event by event as a fold without I/O."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.bridging.words import raw
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable


class _Tool(msgspec.Struct, rename="camel"):
    """Of a whole message, its input is an object; of a stream, pieces of one as text."""

    tool_use_id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _Reasoning(msgspec.Struct):
    text: str = ""


class _Thought(msgspec.Struct, rename="camel"):
    """Of a stream its text is right here, of a whole message one step further in."""

    text: str = ""
    reasoning_text: _Reasoning | None = None


class _Block(msgspec.Struct, rename="camel"):
    text: str = ""
    tool_use: _Tool | None = None
    reasoning_content: _Thought | None = None


class _InBlock(msgspec.Struct, rename="camel"):
    content_block_index: int = 0
    start: _Block | None = None
    delta: _Block | None = None


class _Event(msgspec.Struct, rename="camel"):
    message_start: dict[str, msgspec.Raw] | None = None
    content_block_start: _InBlock | None = None
    content_block_delta: _InBlock | None = None


class _Message(msgspec.Struct):
    content: Sequence[_Block] = ()


class _Output(msgspec.Struct):
    message: _Message


class _Whole(msgspec.Struct):
    output: _Output


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_whole = msgspec.json.Decoder(_Whole).decode


class ConverseReply:
    """Turns what Converse says into chat. created_s: when, as chat's `created` says it."""

    def __init__(self, created_s: int) -> None:
        self._created_s = created_s
        self._tools: dict[int, int] = {}  # by the index of its block: which tool call it is

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """One event as at most one chunk of chat; what was counted of it is never lost."""
        try:
            delta = self._delta(_decode_event(msgspec.json.encode(chunk.members)))
        except msgspec.DecodeError as wrong:
            raise _garbage(wrong) from None
        if not delta and not chunk.finish:
            return [msgspec.structs.replace(chunk, members={})]
        choice: dict[str, object] = {"delta": delta, "finish_reason": chunk.finish or None}
        return [self._beside(chunk, "chat.completion.chunk", choice)]

    def end(self) -> list[Chunk]:
        """The stream is over: in chat nothing is left to say."""
        return []

    def whole(self, chunk: Chunk) -> Chunk:
        """A whole reply as a whole chat completion."""
        try:
            content = _decode_whole(msgspec.json.encode(chunk.members)).output.message.content
        except msgspec.DecodeError as wrong:
            raise _garbage(wrong) from None
        text = "".join(block.text for block in content)
        thoughts = [block.reasoning_content.reasoning_text for block in content if block.reasoning_content]
        thought = "".join(one.text for one in thoughts if one)
        calls = [_call(block.tool_use) for block in content if block.tool_use]
        message: dict[str, object] = {"role": "assistant", "content": text if text or not calls else None}
        if thought:
            message["reasoning_content"] = thought
        if calls:
            message["tool_calls"] = calls
        choice: dict[str, object] = {"message": message, "logprobs": None, "finish_reason": chunk.finish}
        return self._beside(chunk, "chat.completion", choice)

    def _delta(self, event: _Event) -> dict[str, object]:
        if event.message_start is not None:
            return {"role": "assistant", "content": ""}
        begun, more = event.content_block_start, event.content_block_delta
        if begun is not None and begun.start is not None and begun.start.tool_use is not None:
            at = self._tools.setdefault(begun.content_block_index, len(self._tools))
            tool = begun.start.tool_use
            function = {"name": tool.name, "arguments": ""}
            return {"tool_calls": [{"index": at, "id": tool.tool_use_id, "type": "function", "function": function}]}
        if more is None or more.delta is None:
            return {}
        said = more.delta
        if said.tool_use is not None and more.content_block_index in self._tools:
            function = {"arguments": msgspec.json.decode(said.tool_use.input, type=str)}
            return {"tool_calls": [{"index": self._tools[more.content_block_index], "function": function}]}
        if said.reasoning_content is not None and said.reasoning_content.text:
            return {"reasoning_content": said.reasoning_content.text}
        return {"content": said.text} if said.text else {}

    def _beside(self, chunk: Chunk, kind: str, choice: dict[str, object]) -> Chunk:
        members = {
            "id": raw(""), "object": raw(kind), "created": raw(self._created_s), "model": raw(""),
            "choices": raw([{"index": 0, **choice}]),
        }  # fmt: skip
        return msgspec.structs.replace(chunk, members=members)


def _call(tool: _Tool) -> dict[str, object]:
    function = {"name": tool.name, "arguments": bytes(tool.input).decode()}
    return {"id": tool.tool_use_id, "type": "function", "function": function}


def _garbage(wrong: Exception) -> Unavailable:
    return Unavailable("upstream_garbage", f"the model's provider sent what is no answer: {wrong}")
