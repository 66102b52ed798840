"""A chat completion as a messages reply: whole, or chunk by chunk as a fold without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from solvent.bridging.completion import Function, Said, ToolCall, choices_of
from solvent.bridging.words import raw
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable
from solvent.values.finish import STOP_REASONS

Event = dict[str, object]


class MessagesReply:
    """Turns what a provider of chat says into messages. One block is open at a time, as messages want it.

    Of several tool calls the first is told as it comes. The others wait for the end, for until then nobody knows
    whether chat goes back to it.
    """

    def __init__(self) -> None:
        self._begun = False
        self._index = -1  # of the block that is open, or was last
        self._open = ""  # what is open: "", "text", "thinking", "tool"
        self._tool = -1  # which call of chat's is open
        self._waiting: dict[int, tuple[str, str, list[str]]] = {}  # calls that wait: id, name, pieces of arguments
        self._finish = ""

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """One chunk of chat as the events it comes to; what was counted of it is on the first, once."""
        events: list[Event] = []
        for choice in choices_of(chunk)[:1]:
            if not self._begun:
                self._begun = True
                events.append({"type": "message_start", "message": _message([], None)})
            if choice.delta is not None:
                events += self._told(choice.delta)
            self._finish = choice.finish_reason or self._finish
        return _beside(chunk, events)

    def end(self) -> list[Chunk]:
        """The stream is over: what is open is closed, and the message says why it ended."""
        events: list[Event] = [] if self._begun else [{"type": "message_start", "message": _message([], None)}]
        events += self._close()
        for at in list(self._waiting):
            events += self._open_tool(at)
            events += self._close()
        why = {"stop_reason": STOP_REASONS.get(self._finish, "end_turn"), "stop_sequence": None}
        events += [{"type": "message_delta", "delta": why}, {"type": "message_stop"}]
        return [Chunk(_members(event)) for event in events]

    def whole(self, chunk: Chunk) -> Chunk:
        """A whole chat completion as a whole message."""
        choices = choices_of(chunk)
        said = (choices[0].message if choices else None) or Said()
        blocks: list[Event] = []
        if said.thought:
            blocks.append({"type": "thinking", "thinking": said.thought, "signature": ""})
        text = said.content or said.refusal
        if text:
            blocks.append({"type": "text", "text": text})
        blocks += [_used(call) for call in said.tool_calls or ()]
        finish = choices[0].finish_reason if choices else None
        message = _message(blocks, STOP_REASONS.get(finish or "", "end_turn"))
        return msgspec.structs.replace(chunk, members=_members(message))

    def _told(self, said: Said) -> Iterator[Event]:
        if said.thought:
            yield from self._block("thinking", {"type": "thinking", "thinking": "", "signature": ""})
            yield self._delta({"type": "thinking_delta", "thinking": said.thought})
        text = said.content or said.refusal
        if text:
            yield from self._block("text", {"type": "text", "text": ""})
            yield self._delta({"type": "text_delta", "text": text})
        for call in said.tool_calls or ():
            yield from self._called(call)

    def _called(self, call: ToolCall) -> Iterator[Event]:
        function = call.function or Function()
        pieces = function.arguments or ""
        if self._open == "tool" and call.index == self._tool:
            if pieces:
                yield self._delta({"type": "input_json_delta", "partial_json": pieces})
            return
        id, name, before = self._waiting.get(call.index, ("", "", []))
        self._waiting[call.index] = (id or call.id or "", name or function.name or "", [*before, pieces])
        if self._open != "tool":
            yield from self._close()
            yield from self._open_tool(call.index)

    def _open_tool(self, at: int) -> Iterator[Event]:
        id, name, pieces = self._waiting.pop(at)
        if not name:  # more of a call that was over
            raise Unavailable("upstream_garbage", "the model's provider went back to a tool call that had ended")
        self._open, self._tool = "tool", at
        self._index += 1
        block = {"type": "tool_use", "id": id, "name": name, "input": {}}
        yield {"type": "content_block_start", "index": self._index, "content_block": block}
        given = "".join(pieces)
        if given:
            yield self._delta({"type": "input_json_delta", "partial_json": given})

    def _block(self, kind: str, empty: Event) -> Iterator[Event]:
        if self._open == kind:
            return
        yield from self._close()
        self._open = kind
        self._index += 1
        yield {"type": "content_block_start", "index": self._index, "content_block": empty}

    def _close(self) -> Iterator[Event]:
        if self._open:
            self._open = ""
            yield {"type": "content_block_stop", "index": self._index}

    def _delta(self, delta: Event) -> Event:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}


def _message(blocks: list[Event], stop_reason: str | None) -> Event:
    return {
        "id": "", "type": "message", "role": "assistant", "model": "", "content": blocks, "stop_reason": stop_reason,
        "stop_sequence": None,
    }  # fmt: skip


def _used(call: ToolCall) -> Event:
    function = call.function or Function()
    try:
        given = msgspec.json.decode(function.arguments or "{}", type=dict[str, Any])
    except msgspec.DecodeError:  # what the model wrote is no JSON object: it is passed on as it is, under a name
        given = {"arguments": function.arguments}
    return {"type": "tool_use", "id": call.id or "", "name": function.name or "", "input": given}


def _members(event: Event) -> dict[str, msgspec.Raw]:
    return {name: raw(value) for name, value in event.items()}


def _beside(chunk: Chunk, events: list[Event]) -> list[Chunk]:
    if not events:
        return [msgspec.structs.replace(chunk, members={})]
    first = msgspec.structs.replace(chunk, members=_members(events[0]))
    return [first, *(Chunk(_members(event)) for event in events[1:])]
