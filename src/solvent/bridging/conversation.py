"""A chat completion request as it is read here: what of it the other dialects say in words of their own."""

from __future__ import annotations

from typing import Any, Final

import msgspec

_ABSENT: Final = msgspec.Raw(b"")
_ANYTHING: Final = msgspec.Raw(b'{"type":"object"}')


class Function(msgspec.Struct):
    """One that may be called, or is. parameters: its JSON schema; empty where none was sent."""

    name: str
    arguments: str = ""
    description: str | None = None
    parameters: msgspec.Raw = _ABSENT

    @property
    def schema(self) -> msgspec.Raw:
        """Of its parameters, for dialects that need one."""
        return self.parameters if bytes(self.parameters) else _ANYTHING


class ToolCall(msgspec.Struct):
    """A function that the model has called."""

    id: str
    function: Function


class Message(msgspec.Struct):
    """One message. tool_call_id: whose result it is."""

    role: str
    content: Any = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str = ""


class Tool(msgspec.Struct):
    """A function on offer, or the one that must be called."""

    function: Function


class Schema(msgspec.Struct):
    """What an answer must look like."""

    schema: msgspec.Raw = msgspec.Raw(b"{}")


class Format(msgspec.Struct):
    """In which format the answer is wanted."""

    type: str = "text"
    json_schema: Schema | None = None
