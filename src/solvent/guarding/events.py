"""The events of a stream as guards see them: the pieces of text in each, and which texts end with it.

What is not known here to be harmless is left out where a stream is held back, for it could say again what is masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from solvent.guards.port import Said
from solvent.providers.port import Dialect
from solvent.values.errors import Unavailable

# One text of an answer: its choice or block, what it is called there, and which call it is of.
Key = tuple[int, str, int]
Members = dict[str, msgspec.Raw]

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder().decode
_SAID: Final[dict[str, Said]] = {
    "reasoning_content": "thought", "reasoning": "thought", "thinking": "thought", "arguments": "call",
    "partial_json": "call",
}  # fmt: skip
_THOUGHTS_FIRST: Final = ("reasoning_content", "reasoning", "content", "refusal")
_TOP: Final = frozenset({"choices", "created", "id", "model", "object", "service_tier", "system_fingerprint"})
_OF_CHOICE: Final = frozenset({"delta", "finish_reason", "index", "text"})
_OF_DELTA: Final = frozenset({*_THOUGHTS_FIRST, "role", "tool_calls"})
_DELTAS: Final = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}


class Slot:
    """A piece of a text, where it stands in its event."""

    __slots__ = ("_name", "_place", "key")

    def __init__(self, key: Key, place: dict[str, Any], name: str) -> None:
        self.key = key
        self._place = place
        self._name = name

    @property
    def words(self) -> str:
        """What it says."""
        words: str = self._place[self._name]
        return words

    def put(self, words: str) -> None:
        """Let it say something else."""
        self._place[self._name] = words


class ChatEvent:
    """One chunk of a chat completion, or of a completion. is_last: the texts of the answer end with it."""

    def __init__(self, members: Mapping[str, msgspec.Raw]) -> None:
        self._others = {name: raw for name, raw in members.items() if name in _TOP}
        choices = _decode(members["choices"]) if "choices" in members else []
        self._choices = [_known(choice, _OF_CHOICE) for choice in choices or ()]
        self.slots: list[Slot] = []
        for choice in self._choices:
            self._read(choice)
        self._ending = {choice.get("index", 0) for choice in self._choices if choice.get("finish_reason")}
        self.is_last = bool(self._ending)

    def _read(self, choice: dict[str, Any]) -> None:
        index = choice.get("index", 0)
        if isinstance(choice.get("text"), str):
            self.slots.append(Slot((index, "text", 0), choice, "text"))
        if not isinstance(choice.get("delta"), dict):
            choice.pop("delta", None)
            return
        delta = choice["delta"] = _known(choice["delta"], _OF_DELTA)
        for name in _THOUGHTS_FIRST:
            if isinstance(delta.get(name), str):
                self.slots.append(Slot((index, name, 0), delta, name))
        for call in delta.get("tool_calls") or ():
            function = call.get("function")
            if function and isinstance(function.get("arguments"), str):
                self.slots.append(Slot((index, "arguments", call.get("index", 0)), function, "arguments"))

    def ends(self, key: Key) -> bool:
        """Whether a text is whole with it."""
        return key[0] in self._ending

    def members(self) -> Members:
        """As it is told, with what its slots say now."""
        return {**self._others, "choices": msgspec.Raw(_encode(self._choices))} if "choices" in self._others else {}

    def more(self, key: Key, words: str) -> Members:
        """An event before it, with more of a text."""
        index, name, call = key
        said: dict[str, Any] = {name: words}
        if name == "arguments":
            said = {"tool_calls": [{"index": call, "function": said}]}
        choice = said if name == "text" else {"delta": said}
        choices = _encode([{"index": index, **choice, "finish_reason": None}])
        return {**self._others, "choices": msgspec.Raw(choices)}


class MessagesEvent:
    """One event of a message. is_last: the texts of the answer have ended before it."""

    def __init__(self, members: Mapping[str, msgspec.Raw]) -> None:
        event = {name: _decode(raw) for name, raw in members.items()}
        kind = event.get("type")
        self._event = event
        self._index = event.get("index", 0)
        self.slots: list[Slot] = []
        place = event.get("content_block") if kind == "content_block_start" else event.get("delta")
        if kind in ("content_block_start", "content_block_delta") and isinstance(place, dict):
            for name in _DELTAS:
                if isinstance(place.get(name), str):
                    self.slots.append(Slot((self._index, name, 0), place, name))
            harmless = self.slots or kind == "content_block_start" or place.get("type") == "signature_delta"
            self._event = event if harmless else {}
        self.is_last = kind in ("message_delta", "message_stop")
        self._is_stop = kind == "content_block_stop"

    def ends(self, key: Key) -> bool:
        """See `ChatEvent.ends`."""
        return self.is_last or (self._is_stop and key[0] == self._index)

    def members(self) -> Members:
        """See `ChatEvent.members`."""
        return {name: msgspec.Raw(_encode(value)) for name, value in self._event.items()}

    def more(self, key: Key, words: str) -> Members:
        """See `ChatEvent.more`."""
        index, name, _ = key
        delta = {"type": _DELTAS[name], name: words}
        event = {"type": "content_block_delta", "index": index, "delta": delta}
        return {name: msgspec.Raw(_encode(value)) for name, value in event.items()}


def event_of(members: Mapping[str, msgspec.Raw], dialect: Dialect) -> ChatEvent | MessagesEvent:
    """Raises Unavailable for what is no event of that dialect."""
    try:
        return MessagesEvent(members) if dialect == "messages" else ChatEvent(members)
    except (AttributeError, TypeError, RecursionError):
        raise Unavailable("upstream_garbage", "the model's provider sent what guards cannot read") from None


def said_in(key: Key) -> Said:
    """What a text of an answer is."""
    return _SAID.get(key[1], "reply")


def is_arguments(key: Key) -> bool:
    """Whether a text is the arguments of a call."""
    return said_in(key) == "call"


def _known(members: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name in names}
