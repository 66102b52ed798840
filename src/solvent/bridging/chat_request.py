"""A messages request as a chat completion request: Anthropic's words in, OpenAI's out.

What was thought before (thinking blocks) is left out: chat has no place for it. So are marks for caching, which
chat providers do by themselves. Sources: as in messages_request.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from solvent.bridging.words import not_bridged, parsed, raw, texts

_CARRIED: Final = ("temperature", "top_p", "stream")
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}
_UNSAID: Final = ("thinking", "redacted_thinking")


class _Turn(msgspec.Struct):
    role: str
    content: str | list[dict[str, Any]]


class _Tool(msgspec.Struct):
    name: str
    type: str = "custom"
    description: str | None = None
    input_schema: msgspec.Raw = msgspec.Raw(b'{"type":"object"}')


class _Choice(msgspec.Struct):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool = False


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _OutputFormat(msgspec.Struct):
    type: str
    schema: msgspec.Raw = msgspec.Raw(b"{}")


class _OutputConfig(msgspec.Struct):
    format: _OutputFormat | None = None


def chat_request(members: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The members of a chat completion request that asks the same.

    Raises Invalid("not_bridged") naming a member that chat cannot say, and Invalid("bad_request").
    """
    turns = parsed(members["messages"], list[_Turn], "messages")
    said = [message for turn in turns for message in _messages(turn)]
    system = "\n\n".join(texts(parsed(members.get("system", "null"), Any, "system")))
    if system:
        said.insert(0, {"role": "system", "content": system})
    asked: dict[str, object] = {"messages": said}
    asked |= {name: members[name] for name in _CARRIED if name in members}
    stops = parsed(members.get("stop_sequences", "null"), list[str] | None, "stop_sequences")
    if stops:
        asked["stop"] = stops
    who = parsed(members.get("metadata", "null"), _Metadata | None, "metadata")
    if who is not None and who.user_id:
        asked["user"] = who.user_id
    asked |= _tools(members)
    asked |= _format(members)
    return {name: raw(value) for name, value in asked.items()}


def _messages(turn: _Turn) -> Iterable[dict[str, object]]:
    """One turn is several messages where it answers tool calls: each result is a message of its own, and first."""
    if isinstance(turn.content, str):
        yield {"role": turn.role, "content": turn.content}
        return
    calls = [_call(block) for block in turn.content if block.get("type") == "tool_use"]
    for block in turn.content:
        if block.get("type") == "tool_result":
            content = "\n\n".join(texts(block.get("content")))
            yield {"role": "tool", "tool_call_id": str(block.get("tool_use_id", "")), "content": content}
    spoken = [block for block in turn.content if block.get("type") not in ("tool_use", "tool_result", *_UNSAID)]
    if calls:
        yield {"role": turn.role, "content": "\n\n".join(texts(spoken)) or None, "tool_calls": calls}
        return
    said = [_part(block) for block in spoken if block.get("text") or block.get("type") != "text"]
    if said:
        yield {"role": turn.role, "content": said[0]["text"] if len(said) == 1 and "text" in said[0] else said}


def _part(block: Mapping[str, Any]) -> dict[str, object]:
    if block.get("type") == "image":
        source = block.get("source", {})
        url = source.get("url") or f"data:{source.get('media_type')};base64,{source.get('data')}"
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "text", "text": "".join(texts([block]))}


def _call(block: Mapping[str, Any]) -> dict[str, object]:
    given = msgspec.json.encode(block.get("input", {})).decode()
    function = {"name": block.get("name", ""), "arguments": given}
    return {"id": block.get("id", ""), "type": "function", "function": function}


def _tools(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    tools = parsed(members.get("tools", "null"), list[_Tool] | None, "tools")
    if not tools:
        return {}
    if any(tool.type != "custom" for tool in tools):
        raise not_bridged("tools")
    asked: dict[str, object] = {"tools": [{"type": "function", "function": _function(tool)} for tool in tools]}
    choice = parsed(members.get("tool_choice", "null"), _Choice | None, "tool_choice")
    if choice is not None:
        named = {"type": "function", "function": {"name": choice.name}}
        asked["tool_choice"] = named if choice.type == "tool" else _CHOICES.get(choice.type, "auto")
        if choice.disable_parallel_tool_use:
            asked["parallel_tool_calls"] = False
    return asked


def _function(tool: _Tool) -> dict[str, object]:
    made: dict[str, object] = {"name": tool.name, "parameters": tool.input_schema}
    return made if tool.description is None else made | {"description": tool.description}


def _format(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    config = parsed(members.get("output_config", "null"), _OutputConfig | None, "output_config")
    if config is None or config.format is None:
        return {}
    if config.format.type != "json_schema":
        raise not_bridged("output_config")
    schema = {"name": "answer", "schema": config.format.schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
