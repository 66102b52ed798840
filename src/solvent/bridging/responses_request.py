"""A responses request as a chat completion request: OpenAI's newer words in, its older ones out.

What was thought before (reasoning items) is left out: chat has no place for it. Hints for caching are, too.
Source: platform.openai.com/docs/api-reference/responses/create (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.bridging.words import raw
from solvent.values.errors import Invalid

_NULL: Final = msgspec.Raw(b"null")


class Part(msgspec.Struct, omit_defaults=True):
    """Of a message's content, or of what a tool put out."""

    type: str
    text: str = ""
    refusal: str = ""
    image_url: str = ""
    detail: str = ""


class Item(msgspec.Struct, omit_defaults=True):
    """Of the input: a message, a call, its output, or a thought. Each has its own members of these."""

    type: str = "message"
    role: str = ""
    content: str | list[Part] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str = ""
    output: str | list[Part] | None = None


class Tool(msgspec.Struct):
    """Of type "function" it has the other members."""

    type: str
    name: str | None = None
    description: str | None = None
    parameters: msgspec.Raw = _NULL
    strict: bool | None = None


class Chosen(msgspec.Struct):
    """The tool that must be called."""

    type: str
    name: str = ""


class Format(msgspec.Struct):
    """What the text is to be: "text", "json_object", or of a schema."""

    type: str = "text"
    name: str = "answer"
    description: str | None = None
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class Text(msgspec.Struct):
    """How the answer is to be written."""

    format: Format | None = None
    verbosity: str | None = None


class Reasoning(msgspec.Struct):
    """How hard to think. Summaries are not made here: thoughts are told as they come."""

    effort: str | None = None


class Asked(msgspec.Struct):
    """The members of a responses request that have a meaning here."""

    model: str
    input: str | list[Item]
    instructions: str | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Chosen | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: Reasoning | None = None
    service_tier: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    previous_response_id: str | None = None
    stream: bool | None = None
    store: bool | None = None


def chat_members(asked: Asked, before: Sequence[Item] = ()) -> dict[str, msgspec.Raw]:
    """The members of a chat completion request that asks the same; the limit on its output is the provider's to set.

    before: the conversation that it goes on from.
    Raises Invalid("bad_request") for a role or choice that there is none of, and Invalid("not_served") for what chat
    has no words for, naming the member.
    """
    messages = _messages([*before, *items_of(asked)])
    if asked.instructions:
        messages.insert(0, {"role": "system", "content": asked.instructions})
    said: dict[str, object] = {"messages": messages}
    plain = {
        "temperature": asked.temperature, "top_p": asked.top_p, "stream": asked.stream,
        "service_tier": asked.service_tier, "user": user_of(asked) or None,
        "reasoning_effort": asked.reasoning.effort if asked.reasoning else None,
        "verbosity": asked.text.verbosity if asked.text else None,
    }  # fmt: skip
    said |= {name: value for name, value in plain.items() if value is not None}
    said |= _tools(asked)
    said |= _format(asked.text.format if asked.text else None)
    return {name: raw(value) for name, value in said.items()}


def items_of(asked: Asked) -> list[Item]:
    """The input as items that are said on: thoughts are not."""
    if isinstance(asked.input, str):
        return [Item(role="user", content=asked.input)]
    return [item for item in asked.input if item.type != "reasoning"]


def user_of(asked: Asked) -> str:
    """Whom the client answers for; "" where it does not say."""
    return asked.user or asked.safety_identifier or ""


def _messages(items: Sequence[Item]) -> list[dict[str, object]]:
    """An item is a message, but calls join what the model said before them: in chat that is one message."""
    said: list[dict[str, object]] = []
    calls: list[dict[str, object]] | None = None  # of the message that was said last, if more may join it
    for item in items:
        if item.type == "function_call":
            if calls is None:
                calls = []
                if not said or said[-1]["role"] != "assistant":
                    said.append({"role": "assistant", "content": None})
                said[-1]["tool_calls"] = calls
            function = {"name": item.name or "", "arguments": item.arguments}
            calls.append({"id": item.call_id or "", "type": "function", "function": function})
        else:
            calls = None
            said.append(_message(item))
    return said


def _message(item: Item) -> dict[str, object]:
    if item.type == "function_call_output":
        content = item.output if isinstance(item.output, str) else "\n\n".join(_texts(item.output))
        return {"role": "tool", "tool_call_id": item.call_id or "", "content": content}
    if item.role not in ("user", "assistant", "system", "developer"):
        message = f"input: a role is user, assistant, system or developer, not {item.role[:40]!r}"
        raise Invalid("bad_request", message, param="input")
    role = "system" if item.role == "developer" else item.role  # which every provider of chat knows
    if isinstance(item.content, str):
        return {"role": role, "content": item.content}
    parts = [_part(part) for part in item.content or () if part.text or part.refusal or part.image_url]
    if not parts or (len(parts) == 1 and "text" in parts[0]):
        return {"role": role, "content": parts[0]["text"] if parts else ""}
    return {"role": role, "content": parts}


def _part(part: Part) -> dict[str, object]:
    if not part.image_url:
        return {"type": "text", "text": part.text or part.refusal}
    seen = {"url": part.image_url} | ({"detail": part.detail} if part.detail else {})
    return {"type": "image_url", "image_url": seen}


def _texts(parts: Sequence[Part] | str | None) -> list[str]:
    if parts is None or isinstance(parts, str):
        return [parts] if parts else []
    return [part.text or part.refusal for part in parts if part.text or part.refusal]


def _tools(asked: Asked) -> dict[str, object]:
    if not asked.tools:
        return {}
    said: dict[str, object] = {"tools": [_tool(tool) for tool in asked.tools]}
    choice = asked.tool_choice
    if isinstance(choice, Chosen):
        if choice.type != "function":
            raise not_served("tool_choice", f"{choice.type[:40]!r} is no choice here; name one function")
        said["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice is not None:
        if choice not in ("auto", "none", "required"):
            message = f"tool_choice: it is auto, none, required or a function, not {choice[:40]!r}"
            raise Invalid("bad_request", message, param="tool_choice")
        said["tool_choice"] = choice
    if asked.parallel_tool_calls is not None:
        said["parallel_tool_calls"] = asked.parallel_tool_calls
    return said


def _tool(tool: Tool) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name or ""}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters != _NULL:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _format(wanted: Format | None) -> dict[str, object]:
    if wanted is None or wanted.type == "text":
        return {}
    if wanted.type == "json_object":
        return {"response_format": {"type": "json_object"}}
    if wanted.type != "json_schema":
        raise not_served("text.format", f"{wanted.type[:40]!r} is no format here; ask for text or json_schema")
    schema: dict[str, object] = {"name": wanted.name, "schema": wanted.schema}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def not_served(name: str, what: str) -> Invalid:
    """A member that would make it another answer, and is not done here."""
    return Invalid("not_served", f"{name}: {what}", param=name)
