"""What both directions share: reading members, and refusing what cannot be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from solvent.values.errors import Invalid

T = TypeVar("T")

# How many tokens of thinking an effort is given. 1,024 is the least that messages accept.
EFFORT_TOKENS: Final = {"low": 1024, "medium": 4096, "high": 16_384, "xhigh": 32_768}
# Asks for what only chat has words for, and an answer without it would be another answer.
_ONLY_CHATS: Final = (
    "logprobs", "top_logprobs", "logit_bias", "functions", "function_call", "n", "service_tier",
)  # fmt: skip
# What may be said of some of them all the same: it asks for nothing.
_SAYS_NOTHING: Final = {"n": (b"null", b"1"), "service_tier": (b"null", b'"auto"', b'"default"')}

_encode = msgspec.json.encode


def raw(value: object) -> msgspec.Raw:
    """A value as a member of a JSON object."""
    return value if isinstance(value, msgspec.Raw) else msgspec.Raw(_encode(value))


def parsed(value: msgspec.Raw | str, kind: Any, name: str) -> Any:
    """A member read as `kind`. Raises Invalid naming it."""
    try:
        return msgspec.json.decode(value, type=kind)
    except msgspec.DecodeError as wrong:
        raise Invalid("bad_request", f"{name}: {wrong}", param=name) from None


def texts(content: Any) -> list[str]:
    """The texts of a message, whether it is one or a list of parts. Raises Invalid for a part that is no text."""
    if content is None or isinstance(content, str):
        return [content] if content else []
    found = []
    for part in content if isinstance(content, list) else [content]:
        if not isinstance(part, dict) or part.get("type") not in ("text", "refusal"):
            raise not_bridged("messages")
        text = part.get("text") or part.get("refusal") or ""
        if isinstance(text, str) and text:
            found.append(text)
    return found


def refuse_unbridged(members: Mapping[str, msgspec.Raw]) -> None:
    """Raises Invalid for a member of chat that no other dialect can say."""
    for name in _ONLY_CHATS:
        if name in members and bytes(members[name]) not in _SAYS_NOTHING.get(name, (b"null", b"false")):
            raise not_bridged(name)


def not_bridged(
    name: str, what: str = "this model's provider has no words for it; leave it out, or ask a model that has"
) -> Invalid:
    """A member that the model's provider has no words for."""
    return Invalid("not_bridged", f"{name}: {what}", param=name)
