"""Mistral: refuses members it does not know, reports usage unasked, and sends thoughts as parts of the content.

Source: docs.mistral.ai/api and /capabilities/reasoning (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings

Members = dict[str, msgspec.Raw]


class _Part(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: Sequence[_Part] = ()


_IN_PARTS: Final = re.compile(rb'"content"\s*:\s*\[')
_decode_members = msgspec.json.Decoder(Members).decode
_decode_choices = msgspec.json.Decoder(list[Members]).decode
_decode_parts = msgspec.json.Decoder(list[_Part]).decode
_encode = msgspec.json.encode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings, ACCENT)


def plainly(payload: bytes) -> bytes:
    """An event or a reply with its words in `content` and its thoughts in `reasoning_content`, as chat has them."""
    if not _IN_PARTS.search(payload):
        return payload
    members = _decode_members(payload)
    choices = _decode_choices(members.get("choices", b"[]"))
    for choice in choices:
        for side in choice.keys() & {"delta", "message"}:
            said = _decode_members(choice[side])
            if bytes(said.get("content", b"")).startswith(b"["):
                choice[side] = _raw({**said, **_apart(_decode_parts(said["content"]))})
    return _encode({**members, "choices": _raw(choices)})


def _apart(parts: Sequence[_Part]) -> Members:
    words = "".join(part.text or "" for part in parts if part.type == "text")
    thoughts = "".join(one.text or "" for part in parts for one in part.thinking)
    return {"content": _raw(words)} | ({"reasoning_content": _raw(thoughts)} if thoughts else {})


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))


ACCENT: Final = Accent(
    base_url="https://api.mistral.ai/v1",
    left_out=frozenset(("stream_options", "user", "store", "service_tier")),
    renamed={"seed": "random_seed", "dimensions": "output_dimension"},
    asks_usage=False,
    heard=plainly,
)
