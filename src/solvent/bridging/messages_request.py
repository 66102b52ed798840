"""A chat completion request as a messages request: OpenAI's words in, Anthropic's out.

Sources: platform.openai.com/docs/api-reference/chat, docs.anthropic.com/en/api/messages (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from solvent.bridging.conversation import Format, Function, Message, Tool
from solvent.bridging.picture import Picture, parts
from solvent.bridging.words import EFFORT_TOKENS, not_bridged, parsed, raw, refuse_unbridged, texts

_CARRIED: Final = {"temperature": "temperature", "top_p": "top_p"}
_CHOICES: Final = {"auto": "auto", "required": "any", "none": "none"}


def messages_request(members: Mapping[str, msgspec.Raw], output_tokens_max: int) -> dict[str, msgspec.Raw]:
    """The members of a messages request that asks the same.

    output_tokens_max: what the hold pays for; thinking stays within it.
    Raises Invalid("not_bridged") naming a member that cannot be said in messages, and Invalid("bad_request").
    """
    refuse_unbridged(members)
    said = parsed(members["messages"], list[Message], "messages")
    asked: dict[str, object] = {"messages": _turns(said)}
    asked |= {there: members[here] for here, there in _CARRIED.items() if here in members}
    system = "\n\n".join(text for one in said if one.role in ("system", "developer") for text in texts(one.content))
    if system:
        asked["system"] = system
    if "stop" in members:
        stop = parsed(members["stop"], str | list[str] | None, "stop")
        asked["stop_sequences"] = [stop] if isinstance(stop, str) else stop or []
    if "user" in members:
        asked["metadata"] = {"user_id": members["user"]}
    asked |= _tools(members)
    thinking = _thinking(members, output_tokens_max)
    if thinking:  # which messages do only at their own temperature
        asked = {name: value for name, value in asked.items() if name not in _CARRIED.values()} | thinking
    asked |= _format(members)
    if "stream" in members:
        asked["stream"] = members["stream"]
    return {name: raw(value) for name, value in asked.items()}


def _turns(said: Iterable[Message]) -> list[dict[str, object]]:
    """Turns of user and assistant; neighbours of one role become one turn, as messages want it."""
    turns: list[tuple[str, list[object]]] = []
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


def _blocks(message: Message) -> list[object]:
    if message.role == "tool":
        content = "\n\n".join(texts(message.content))
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": content}]
    blocks: list[object] = [_spoken(part) for part in parts(message.content)]
    for call in message.tool_calls or ():
        given = parsed(call.function.arguments or "{}", dict[str, msgspec.Raw], "messages.tool_calls.arguments")
        blocks.append({"type": "tool_use", "id": call.id, "name": call.function.name, "input": given})
    return blocks


def _spoken(part: str | Picture) -> dict[str, object]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if part.inline is None:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    media_type, data = part.inline
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _tools(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    asked: dict[str, object] = {}
    tools = parsed(members.get("tools", "null"), list[Tool] | None, "tools")
    if tools:
        asked["tools"] = [_tool(tool.function) for tool in tools]
        choice = parsed(members.get("tool_choice", "null"), str | Tool | None, "tool_choice")
        chosen: dict[str, object] = {"type": "auto"}
        if isinstance(choice, Tool):
            chosen = {"type": "tool", "name": choice.function.name}
        elif choice is not None:
            if choice not in _CHOICES:
                raise not_bridged("tool_choice")
            chosen = {"type": _CHOICES[choice]}
        if bytes(members.get("parallel_tool_calls", b"true")) == b"false" and chosen["type"] != "none":
            chosen["disable_parallel_tool_use"] = True
        asked["tool_choice"] = chosen
    return asked


def _tool(function: Function) -> dict[str, object]:
    made: dict[str, object] = {"name": function.name, "input_schema": function.schema}
    return made if function.description is None else made | {"description": function.description}


def _thinking(members: Mapping[str, msgspec.Raw], output_tokens_max: int) -> dict[str, object]:
    """How hard to think, as a share of what may be written; too little of that is no thinking at all."""
    effort = parsed(members.get("reasoning_effort", "null"), str | None, "reasoning_effort")
    budget = min(EFFORT_TOKENS.get(effort or "", 0), output_tokens_max // 2)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= min(EFFORT_TOKENS.values()) else {}


def _format(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    wanted = parsed(members.get("response_format", "null"), Format | None, "response_format")
    if wanted is None or wanted.type == "text":
        return {}
    if wanted.type != "json_schema" or wanted.json_schema is None:
        raise not_bridged("response_format")
    return {"output_config": {"format": {"type": "json_schema", "schema": wanted.json_schema.schema}}}
