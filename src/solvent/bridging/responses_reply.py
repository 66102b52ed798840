"""A chat completion as a response: whole, or chunk by chunk as typed events, a fold without I/O.

Source: platform.openai.com/docs/api-reference/responses-streaming (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Final

import msgspec

from solvent.bridging.completion import Choice, Function, Said, ToolCall, choices_of
from solvent.providers.port import Chunk

Event = dict[str, object]

# What the client asked for and a response says again, and what it says where the client did not ask.
_SAID_AGAIN: Final[Event] = {
    "instructions": None, "max_output_tokens": None, "max_tool_calls": None, "metadata": {},
    "parallel_tool_calls": True, "previous_response_id": None, "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None}, "safety_identifier": None, "temperature": None,
    "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": None,
    "truncation": "disabled", "user": None,
}  # fmt: skip
# What is so until the end, and that nothing goes on when nobody listens.
_AT_FIRST: Final[Event] = {"background": False, "store": False, "error": None}
# Why an answer that ended early did, by chat's word for it.
_INCOMPLETE: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
# The part of an item that holds a text of each kind, before there is any.
_PARTS: Final[Mapping[str, Event]] = {
    "output_text": {"type": "output_text", "text": "", "annotations": [], "logprobs": []},
    "refusal": {"type": "refusal", "refusal": ""},
    "reasoning_text": {"type": "reasoning_text", "text": ""},
}
_BESIDE_TEXT: Final[Mapping[str, Event]] = {"output_text": {"logprobs": []}}
_PREFIXES: Final = {"message": "msg", "reasoning": "rs", "function_call": "fc"}


def response_frame(id: str, model: str, created_s: int, members: Mapping[str, msgspec.Raw]) -> Event:
    """What stays the same in a response from its beginning to its end. members: of the request."""
    asked = {name: members.get(name, default) for name, default in _SAID_AGAIN.items()}
    return {"id": id, "object": "response", "created_at": created_s, "model": model, **asked, **_AT_FIRST}


class _Open:
    """An item that more is added to. at: its place in the output. part: the kind of text that is open in it.

    pieces: of that text, or of a call's arguments. parts: the texts before, whole.
    """

    __slots__ = ("at", "item", "part", "parts", "pieces")

    def __init__(self, at: int, item: Event) -> None:
        self.at = at
        self.item = item
        self.part = ""
        self.parts: list[Event] = []
        self.pieces: list[str] = []


class ResponsesReply:
    """Turns what a provider of chat says into a response.

    One message or thought is open at a time. Calls stay open to the end, for until then nobody knows whether chat
    goes back to one. frame: see `response_frame`. output: the items so far.
    """

    def __init__(self, frame: Event) -> None:
        self._frame = frame
        self._tail = str(frame["id"]).partition("_")[2]
        self._number = 0
        self.output: list[Event] = []
        self._spoken: _Open | None = None
        self._calls: dict[int, _Open] = {}
        self._finish = ""
        self._tier: object = "default"  # or what the provider says it served in

    def begin(self) -> list[Event]:
        """The first two events."""
        response = self._response("in_progress")
        return [self._event(f"response.{kind}", response=response) for kind in ("created", "in_progress")]

    def feed(self, chunk: Chunk) -> list[Event]:
        """One chunk of chat as the events it comes to."""
        events: list[Event] = []
        for choice in self._heard(chunk):
            if choice.delta is not None:
                events += self._told(choice.delta)
        return events

    def end(self) -> list[Event]:
        """The stream is over: what is open is closed."""
        events = list(self._close_spoken())
        for call in self._calls.values():
            events += self._close_call(call)
        self._calls = {}
        return events

    def last(self, closing: Mapping[str, object]) -> Event:
        """The last event, once it is all on the books. closing: as of `response`."""
        response = self.response(closing)
        return self._event(f"response.{response['status']}", response=response)

    def failed(self, error: Mapping[str, object]) -> list[Event]:
        """The last two events where it broke. Only items that were whole are in the response.

        error: has `code`, `message` and `param`. Clients raise what stands under that name.
        """
        told = {name: error[name] for name in ("code", "message")}
        response = self._response("failed") | {"error": told}
        response["output"] = [item for item in self.output if item["status"] == "completed"]
        beside = {name: error[name] for name in ("code", "message", "param")}
        return [self._event("response.failed", response=response), self._event("error", **beside, error=error)]

    def hear(self, chunk: Chunk) -> None:
        """A whole chat completion: all that there is to say at once; `response` says it."""
        for choice in self._heard(chunk):
            said = choice.message or Said()
            calls = [msgspec.structs.replace(call, index=at) for at, call in enumerate(said.tool_calls or ())]
            list(self._told(msgspec.structs.replace(said, tool_calls=calls)))
        self.end()

    def response(self, closing: Mapping[str, object]) -> Event:
        """The response as it ended. closing: members that it has only then."""
        why = _INCOMPLETE.get(self._finish)
        response = self._response("incomplete" if why else "completed")
        return {**response, "incomplete_details": {"reason": why} if why else None, **closing}

    def _response(self, status: str) -> Event:
        own = {"status": status, "service_tier": self._tier, "output": list(self.output)}
        return {**self._frame, **own, "incomplete_details": None, "usage": None}

    def _heard(self, chunk: Chunk) -> list[Choice]:
        """The one choice of a chunk, or none; what it says of the whole answer is kept."""
        choices = choices_of(chunk)[:1]
        for choice in choices:
            self._finish = choice.finish_reason or self._finish
        self._tier = chunk.members.get("service_tier", self._tier)
        return choices

    def _told(self, said: Said) -> Iterator[Event]:
        for kind, text in (
            ("reasoning_text", said.thought), ("output_text", said.content), ("refusal", said.refusal),
        ):  # fmt: skip
            if text:
                yield from self._say(kind, text)
        for call in said.tool_calls or ():
            yield from self._called(call)

    def _say(self, kind: str, text: str) -> Iterator[Event]:
        spoken = yield from self._open_part(kind)
        spoken.pieces.append(text)
        yield self._event(f"response.{kind}.delta", **_place(spoken), delta=text, **_BESIDE_TEXT.get(kind, {}))

    def _open_part(self, kind: str) -> Generator[Event, None, _Open]:
        of = "reasoning" if kind == "reasoning_text" else "message"
        spoken = self._spoken
        if spoken is not None and spoken.part == kind:
            return spoken
        if spoken is not None and spoken.item["type"] == of:
            yield from self._close_part(spoken)
        else:
            yield from self._close_spoken()
            item: Event = {"type": of, "status": "in_progress", "content": []}
            if of == "reasoning":
                item["summary"] = []
            else:
                item["role"] = "assistant"
            spoken = self._spoken = self._open(item)
            yield self._event("response.output_item.added", output_index=spoken.at, item=spoken.item)
        spoken.part = kind
        yield self._event("response.content_part.added", **_place(spoken), part=_PARTS[kind])
        return spoken

    def _close_part(self, spoken: _Open) -> Iterator[Event]:
        kind, text = spoken.part, "".join(spoken.pieces)
        name = "refusal" if kind == "refusal" else "text"
        part = {**_PARTS[kind], name: text}
        yield self._event(f"response.{kind}.done", **_place(spoken), **{name: text}, **_BESIDE_TEXT.get(kind, {}))
        yield self._event("response.content_part.done", **_place(spoken), part=part)
        spoken.parts.append(part)
        spoken.pieces = []

    def _close_spoken(self) -> Iterator[Event]:
        spoken, self._spoken = self._spoken, None
        if spoken is not None:
            yield from self._close_part(spoken)
            yield self._close(spoken, content=spoken.parts)

    def _called(self, call: ToolCall) -> Iterator[Event]:
        function = call.function or Function()
        running = self._calls.get(call.index)
        if running is None:
            yield from self._close_spoken()
            item: Event = {"type": "function_call", "status": "in_progress", "arguments": ""}
            item["call_id"] = call.id or f"call_{self._tail}_{len(self.output)}"  # some providers give none
            item["name"] = function.name or ""
            running = self._calls[call.index] = self._open(item)
            yield self._event("response.output_item.added", output_index=running.at, item=running.item)
        if function.arguments:
            running.pieces.append(function.arguments)
            yield self._event("response.function_call_arguments.delta", **_whose(running), delta=function.arguments)

    def _close_call(self, call: _Open) -> Iterator[Event]:
        given = "".join(call.pieces)
        yield self._event("response.function_call_arguments.done", **_whose(call), arguments=given)
        yield self._close(call, arguments=given)

    def _open(self, item: Event) -> _Open:
        at = len(self.output)
        item = {"id": f"{_PREFIXES[str(item['type'])]}_{self._tail}_{at}", **item}
        self.output.append(item)
        return _Open(at, item)

    def _close(self, opened: _Open, **members: object) -> Event:
        is_cut = self._finish in _INCOMPLETE and opened.at == len(self.output) - 1
        item = {**opened.item, **members, "status": "incomplete" if is_cut else "completed"}
        self.output[opened.at] = item
        return self._event("response.output_item.done", output_index=opened.at, item=item)

    def _event(self, kind: str, **members: object) -> Event:
        number, self._number = self._number, self._number + 1
        return {"type": kind, "sequence_number": number, **members}


def _whose(opened: _Open) -> Event:
    return {"item_id": opened.item["id"], "output_index": opened.at}


def _place(spoken: _Open) -> Event:
    return {"item_id": spoken.item["id"], "output_index": spoken.at, "content_index": len(spoken.parts)}
