"""A chat completion request in the words of AWS's Converse, which has one form for all models of Bedrock.

Left out: `user`, `seed`, penalties, `reasoning_effort` and `parallel_tool_calls`: each model there has its own words
for them, or none. Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.bridging.conversation import Function, Message, Tool
from solvent.bridging.picture import Picture, inline_only, parts
from solvent.bridging.words import not_bridged, parsed, raw, refuse_unbridged, texts

_CARRIED: Final = {"temperature": "temperature", "top_p": "topP"}
_CHOICES: Final = {"auto": "auto", "required": "any"}

Block = dict[str, object]


class _Format(msgspec.Struct):
    type: str = "text"


def converse_request(members: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The members of a Converse request that asks the same.

    Raises Invalid("not_bridged") naming a member that Converse cannot say, and Invalid("bad_request").
    """
    refuse_unbridged(members)
    wanted = parsed(members.get("response_format", "null"), _Format | None, "response_format")
    if wanted is not None and wanted.type != "text":
        raise not_bridged("response_format")
    said = parsed(members["messages"], list[Message], "messages")
    asked: dict[str, object] = {"messages": _turns(said)}
    system = [text for one in said if one.role in ("system", "developer") for text in texts(one.content)]
    if system:
        asked["system"] = [{"text": text} for text in system]
    config: dict[str, object] = {there: members[here] for here, there in _CARRIED.items() if here in members}
    stop = parsed(members.get("stop", "null"), str | list[str] | None, "stop")
    if stop:
        config["stopSequences"] = [stop] if isinstance(stop, str) else stop
    if config:
        asked["inferenceConfig"] = config
    asked |= _tools(members)
    return {name: raw(value) for name, value in asked.items()}


def _turns(said: Sequence[Message]) -> list[Block]:
    """Turns of user and assistant; neighbours of one role become one turn, as Converse wants it."""
    turns: list[tuple[str, list[Block]]] = []
    for message in said:
        if message.role in ("system", "developer"):
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        elif blocks:
            turns.append((role, blocks))
    return [{"role": role, "content": blocks} for role, blocks in turns]


def _blocks(message: Message) -> list[Block]:
    if message.role == "tool":
        content = [{"text": text} for text in texts(message.content)]
        return [{"toolResult": {"toolUseId": message.tool_call_id, "content": content}}]
    blocks: list[Block] = [_spoken(part) for part in parts(message.content)]
    for call in message.tool_calls or ():
        given = parsed(call.function.arguments or "{}", dict[str, msgspec.Raw], "messages.tool_calls.arguments")
        blocks.append({"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": given}})
    return blocks


def _spoken(part: str | Picture) -> Block:
    if isinstance(part, str):
        return {"text": part}
    media_type, data = inline_only(part)
    kind = media_type.removeprefix("image/").replace("jpg", "jpeg")
    return {"image": {"format": kind, "source": {"bytes": data}}}


def _tools(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    tools = parsed(members.get("tools", "null"), list[Tool] | None, "tools")
    if not tools:
        return {}
    config: dict[str, object] = {"tools": [{"toolSpec": _spec(tool.function)} for tool in tools]}
    choice = parsed(members.get("tool_choice", "null"), str | Tool | None, "tool_choice")
    if isinstance(choice, Tool):
        config["toolChoice"] = {"tool": {"name": choice.function.name}}
    elif choice is not None:
        if choice not in _CHOICES:  # it cannot say that none may be called
            raise not_bridged("tool_choice")
        config["toolChoice"] = {_CHOICES[choice]: {}}
    return {"toolConfig": config}


def _spec(function: Function) -> Block:
    made: Block = {"name": function.name, "inputSchema": {"json": function.schema}}
    return made if function.description is None else made | {"description": function.description}
