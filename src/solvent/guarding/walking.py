"""Finds the texts in the members of a body, in any dialect, and puts others in their places.

Every text is taken, wherever it is, but for names and ids that only programs read: a member that nobody thought of
hides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from solvent.guards.port import Said
from solvent.values.errors import Invalid

# Takes a text and gives what stands there instead.
Take = Callable[[str, Said], str]

_decode = msgspec.json.Decoder().decode
_NOT_TEXTS: Final = frozenset({
    "call_id", "data", "encoding_format", "finish_reason", "id", "model", "role", "signature", "tool_call_id",
    "tool_use_id", "type",
})  # fmt: skip
_SAID_BY: Final[dict[str, Said]] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant", "model": "assistant",
    "tool": "tool", "function": "tool", "tool_result": "tool", "function_call_output": "tool",
}  # fmt: skip
_SAID_IN: Final[dict[str, Said]] = {"system": "system", "instructions": "system", "tools": "system"}
_FREE: Final = frozenset({"arguments", "input"})  # of a call: JSON of the model's own making


def walked(members: Mapping[str, msgspec.Raw], said: Said, take: Take) -> dict[str, msgspec.Raw]:
    """The members of a body, with every text taken; those in which nothing changes stay as they are.

    said: by whom, where they do not say it. Raises Invalid for what is nested too deeply.
    """
    made = dict(members)
    for name, raw in members.items():
        if name in _NOT_TEXTS or bytes(raw)[:1] not in (b'"', b"[", b"{"):
            continue
        try:
            before = _decode(raw)
            after = _walk(before, _SAID_IN.get(name, said), take)
        except RecursionError:
            message = f"{name}: it is nested too deeply for guards to read; send it flatter"
            raise Invalid("not_json", message, param=name) from None
        if after is not before:
            made[name] = msgspec.Raw(written(after).encode())
    return made


def walked_json(words: str, said: Said, take: Take) -> str:
    """A text that is JSON, such as the arguments of a call: it stays JSON. What is none is taken as a text."""
    try:
        before = json.loads(words)
    except (ValueError, RecursionError):
        return take(words, said)
    after = walked_free(before, said, take)
    return words if after is before else written(after)


def written(value: Any) -> str:
    """As compact JSON; integers of any size stay what they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _walk(value: Any, said: Said, take: Take) -> Any:
    """The same object where nothing changes."""
    if isinstance(value, str):
        return take(value, said)
    if isinstance(value, list):
        return _same(value, [_walk(one, said, take) for one in value])
    if not isinstance(value, dict):
        return value
    said = _said_by(value, said)
    made = {name: _member(name, one, said, take) for name, one in value.items()}
    return value if all(made[name] is one for name, one in value.items()) else made


def _member(name: str, value: Any, said: Said, take: Take) -> Any:
    if isinstance(value, str) and (name in _NOT_TEXTS or (name == "url" and value.startswith("data:"))):
        return value
    its = _said_in(name, said)
    if name in _FREE and isinstance(value, str):
        return walked_json(value, its, take)
    if name in _FREE and isinstance(value, dict):
        return walked_free(value, its, take)
    return _walk(value, its, take)


def _said_by(value: Mapping[str, Any], said: Said) -> Said:
    named = value.get("role") or value.get("type")
    if said in ("reply", "thought", "call") or not isinstance(named, str):
        return said
    return _SAID_BY.get(named, said)


def _said_in(name: str, said: Said) -> Said:
    if said != "reply":
        return said
    if name in ("reasoning", "reasoning_content", "reasoning_details", "thinking"):
        return "thought"
    return "call" if name in _FREE else said


def walked_free(value: Any, said: Said, take: Take) -> Any:
    """JSON that may be anything: its keys are texts, and so are its numbers where something is found in them."""
    if isinstance(value, str):
        return take(value, said)
    if isinstance(value, list):
        return _same(value, [walked_free(one, said, take) for one in value])
    if isinstance(value, dict):
        pairs = [(take(name, said), walked_free(one, said, take)) for name, one in value.items()]
        is_same = all(name is key and one is value[key] for (name, one), key in zip(pairs, value, strict=True))
        return value if is_same else dict(pairs)
    if isinstance(value, int) and not isinstance(value, bool):
        words = str(value)
        instead = take(words, said)
        return value if instead == words else instead
    return value


def _same(before: list[Any], after: list[Any]) -> list[Any]:
    return before if all(one is other for one, other in zip(before, after, strict=True)) else after
