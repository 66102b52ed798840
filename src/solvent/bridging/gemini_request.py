"""A chat completion request in Gemini's words: contents of user and model, made of parts.

Left out: `user` and `parallel_tool_calls`, which it has no words for.
Sources: ai.google.dev/api/generate-content, /gemini-api/docs/function-calling and /thought-signatures (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

import msgspec

from solvent.bridging.conversation import Format, Function, Message, Tool, ToolCall
from solvent.bridging.picture import Picture, inline_only, parts
from solvent.bridging.words import EFFORT_TOKENS, not_bridged, parsed, raw, refuse_unbridged, texts

_CARRIED: Final = {
    "temperature": "temperature", "top_p": "topP", "top_k": "topK", "seed": "seed",
    "presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty",
}  # fmt: skip
_MODES: Final = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
THINKING_TOKENS_MAX: Final = 24_576  # that every model of theirs takes
# What they ask for in place of a signature that was lost, or never was: a call by another model, or by another surface.
NO_SIGNATURE: Final = "skip_thought_signature_validator"

Part = dict[str, object]


class _Google(msgspec.Struct):
    thought_signature: str | None = None


class _Extra(msgspec.Struct):
    google: _Google | None = None


class _ToolCall(ToolCall):
    extra_content: _Extra | None = None


class _Message(Message):
    tool_calls: list[_ToolCall] | None = None  # type: ignore[assignment]  # with what their models sign


def gemini_request(members: Mapping[str, msgspec.Raw], output_tokens_max: int) -> dict[str, msgspec.Raw]:
    """The members of a generateContent request that asks the same.

    output_tokens_max: what the hold pays for; thinking stays within it.
    Raises Invalid("not_bridged") naming a member that Gemini cannot say, and Invalid("bad_request").
    """
    refuse_unbridged(members)
    said = parsed(members["messages"], list[_Message], "messages")
    asked: dict[str, object] = {"contents": _contents(said)}
    system = [text for one in said if one.role in ("system", "developer") for text in texts(one.content)]
    if system:
        asked["systemInstruction"] = {"parts": [{"text": text} for text in system]}
    asked |= _tools(members)
    config: dict[str, object] = {there: members[here] for here, there in _CARRIED.items() if here in members}
    config |= _stops(members) | _thinking(members, output_tokens_max) | _format(members)
    if config:
        asked["generationConfig"] = config
    return {name: raw(value) for name, value in asked.items()}


def _contents(said: Sequence[_Message]) -> list[Part]:
    """Turns of user and model; neighbours of one role become one turn, as results of calls at once must be."""
    turns: list[tuple[str, list[Part]]] = []
    # Of functions, by the id of their call. Gemini knows results by name and order.
    names = {call.id: call.function.name for one in said for call in one.tool_calls or ()}
    places = {id: n for n, id in enumerate(names)}
    for message in _results_in_order(said, places):
        if message.role in ("system", "developer"):
            continue
        role = "model" if message.role == "assistant" else "user"
        parts = _parts(message, names)
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(parts)
        elif parts:
            turns.append((role, parts))
    return [{"role": role, "parts": parts} for role, parts in turns]


def _results_in_order(said: Sequence[_Message], places: Mapping[str, int]) -> Iterator[_Message]:
    """The messages, with the results of calls in the order of the calls."""
    for _, run in groupby(said, key=lambda one: one.role == "tool"):
        yield from sorted(run, key=lambda one: places.get(one.tool_call_id, -1))


def _parts(message: _Message, names: Mapping[str, str]) -> list[Part]:
    if message.role == "tool":
        name = names.get(message.tool_call_id, message.tool_call_id)
        return [{"functionResponse": {"name": name, "response": _result("\n\n".join(texts(message.content)))}}]
    said: list[Part] = [_spoken(part) for part in parts(message.content)]
    for n, call in enumerate(message.tool_calls or ()):
        given = parsed(call.function.arguments or "{}", dict[str, msgspec.Raw], "messages.tool_calls.arguments")
        part: Part = {"functionCall": {"name": call.function.name, "args": given}}
        signature = call.extra_content and call.extra_content.google and call.extra_content.google.thought_signature
        if signature or n == 0:  # of calls at once only the first is signed
            part["thoughtSignature"] = signature or NO_SIGNATURE
        said.append(part)
    return said


def _spoken(part: str | Picture) -> Part:
    if isinstance(part, str):
        return {"text": part}
    media_type, data = inline_only(part)
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _result(content: str) -> object:
    """What a function returned, as the object it must be."""
    try:
        return msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return {"result": content}


def _tools(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    tools = parsed(members.get("tools", "null"), list[Tool] | None, "tools")
    if not tools:
        return {}
    choice = parsed(members.get("tool_choice", "null"), str | Tool | None, "tool_choice")
    config: dict[str, object] = {"mode": "AUTO"}
    if isinstance(choice, Tool):
        config = {"mode": "ANY", "allowedFunctionNames": [choice.function.name]}
    elif choice is not None:
        if choice not in _MODES:
            raise not_bridged("tool_choice")
        config = {"mode": _MODES[choice]}
    return {
        "tools": [{"functionDeclarations": [_declared(tool.function) for tool in tools]}],
        "toolConfig": {"functionCallingConfig": config},
    }


def _declared(function: Function) -> dict[str, object]:
    made: dict[str, object] = {"name": function.name}
    if function.description is not None:
        made["description"] = function.description
    if bytes(function.parameters) not in (b"", b"null"):
        made["parametersJsonSchema"] = function.parameters
    return made


def _stops(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    stop = parsed(members.get("stop", "null"), str | list[str] | None, "stop")
    return {"stopSequences": [stop] if isinstance(stop, str) else stop} if stop else {}


def _thinking(members: Mapping[str, msgspec.Raw], output_tokens_max: int) -> dict[str, object]:
    """How hard to think, as a share of what may be written, and the thoughts told; unasked as the model does.

    A share too small for some of their models is not said: then the model decides, within the limit.
    """
    effort = parsed(members.get("reasoning_effort", "null"), str | None, "reasoning_effort")
    if effort is None:
        return {}
    if effort == "none":
        return {"thinkingConfig": {"thinkingBudget": 0}}
    least = min(EFFORT_TOKENS.values())
    budget = min(EFFORT_TOKENS.get(effort, least), THINKING_TOKENS_MAX, output_tokens_max // 2)
    said = {"thinkingBudget": budget} if budget >= least else {}
    return {"thinkingConfig": {**said, "includeThoughts": True}}


def _format(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    wanted = parsed(members.get("response_format", "null"), Format | None, "response_format")
    if wanted is None or wanted.type == "text":
        return {}
    if wanted.type == "json_object":
        return {"responseMimeType": "application/json"}
    if wanted.type != "json_schema" or wanted.json_schema is None:
        raise not_bridged("response_format")
    return {"responseMimeType": "application/json", "responseJsonSchema": wanted.json_schema.schema}
