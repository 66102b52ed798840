"""Reads a messages request: every member that costs money is checked before anything is held.

What is known to cost nothing but tokens is listed; a member that is not is refused, never free.
Source: docs.anthropic.com/en/api/messages (read 2026-11).
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.answering.question import NO_PICTURES, Pictures, Question
from solvent.gateway.asking import TEMPLATE_TOKENS
from solvent.gateway.pictures import Inline, pictures_in
from solvent.gateway.reading import check_limit, read_members, unpriced
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import MESSAGES_MAX, NAME_CHARACTERS_MAX, STOP_SEQUENCES_MAX

PRICED: Final = {
    "cache_control", "max_tokens", "messages", "metadata", "model", "output_config", "service_tier", "stop_sequences",
    "stream", "system", "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p",
}  # fmt: skip
# What changes how many tokens a question is read as.
COUNTED: Final = {
    "cache_control", "messages", "model", "output_config", "system", "thinking", "tool_choice", "tools",
}  # fmt: skip
_BLOCKS: Final = {"image", "text", "thinking", "redacted_thinking", "tool_use", "tool_result"}
# Tools that the client runs itself, so that they cost tokens and nothing else.
_CLIENT_TOOLS: Final = ("bash_", "text_editor_", "computer_", "memory_")


class _Source(msgspec.Struct):
    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""


class _Block(msgspec.Struct):
    type: str
    content: str | list[_Block] | None = None
    source: _Source | None = None

    @property
    def all(self) -> list[_Block]:
        """The block, and those in the result of a tool."""
        return [self, *self.content] if isinstance(self.content, list) else [self]


class _Turn(msgspec.Struct):
    role: str
    content: str | list[_Block]


class _Tool(msgspec.Struct):
    type: str | None = None


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Counted(msgspec.Struct, kw_only=True):
    model: str
    messages: list[_Turn]
    system: str | list[_Block] | None = None
    stream: bool | None = None
    metadata: _Metadata | None = None
    temperature: float | None = None
    stop_sequences: list[str] | None = None
    tools: list[_Tool] | None = None
    service_tier: str | None = None


class _Messages(_Counted, kw_only=True):
    max_tokens: int


_decoder = msgspec.json.Decoder(_Messages)
_decoder_of_counted = msgspec.json.Decoder(_Counted)


def read_messages(body: bytes, id: AnswerId, received_us: int) -> Question:
    """The question in a request body. Raises Invalid naming the member at fault."""
    asked, members = read_members(body, _decoder)
    check_limit("max_tokens", asked.max_tokens)
    question = _question(asked, members, len(body), id, received_us)
    return msgspec.structs.replace(question, stream=bool(asked.stream), output_tokens_asked=asked.max_tokens)


def read_for_count(body: bytes, id: AnswerId, received_us: int) -> Question:
    """The same of a request that only counts: what changes no count is left out."""
    asked, members = read_members(body, _decoder_of_counted)
    question = _question(asked, members, len(body), id, received_us)
    counted = {name: value for name, value in members.items() if name in COUNTED}
    return msgspec.structs.replace(question, members=counted)


def _question(
    asked: _Counted, members: dict[str, msgspec.Raw], body_bytes: int, id: AnswerId, received_us: int
) -> Question:
    _check(asked)
    _refuse_unpriced(asked, members)
    pictures = _pictures(asked)
    return Question(
        id=id,
        received_us=received_us,
        model=asked.model,
        members=members,
        stream=False,
        input_tokens_most=body_bytes - pictures.characters + TEMPLATE_TOKENS,
        output_tokens_asked=1,
        user=((asked.metadata and asked.metadata.user_id) or "")[:NAME_CHARACTERS_MAX],
        dialect="messages",
        pictures=pictures,
    )


def _check(asked: _Counted) -> None:
    if not 1 <= len(asked.messages) <= MESSAGES_MAX:
        raise Invalid("bad_request", f"messages: send 1 to {MESSAGES_MAX} messages", param="messages")
    for turn in asked.messages:
        if turn.role not in ("user", "assistant"):
            message = f"messages: a role is user or assistant, not {turn.role[:40]!r}; instructions go into system"
            raise Invalid("bad_request", message, param="messages")
    if asked.temperature is not None and not 0 <= asked.temperature <= 1:
        raise Invalid("bad_request", "temperature: it is between 0 and 1", param="temperature")
    if asked.stop_sequences and len(asked.stop_sequences) > STOP_SEQUENCES_MAX:
        message = f"stop_sequences: at most {STOP_SEQUENCES_MAX} sequences"
        raise Invalid("bad_request", message, param="stop_sequences")


def _pictures(asked: _Counted) -> Pictures:
    found = [
        _picture(one.source)
        for turn in asked.messages
        if isinstance(turn.content, list)
        for block in turn.content
        for one in block.all
        if one.type == "image"
    ]
    return pictures_in(found, "messages") if found else NO_PICTURES


def _picture(source: _Source | None) -> Inline | str:
    if source is not None and source.type == "base64":
        return Inline(source.media_type, source.data)
    if source is not None and source.type == "url":
        return source.url
    message = "messages: a picture's source is base64 or url; files are not kept here"
    raise Invalid("bad_picture", message, param="messages")


def _refuse_unpriced(asked: _Counted, members: dict[str, msgspec.Raw]) -> None:
    unknown = members.keys() - PRICED
    if unknown:
        raise unpriced(min(unknown))
    for turn in asked.messages:
        for block in turn.content if isinstance(turn.content, list) else ():
            for one in block.all:
                if one.type not in _BLOCKS:
                    words = f"content of type {one.type[:40]!r} has no price here; send text and pictures"
                    raise unpriced("messages", words)
    for tool in asked.tools or ():
        if tool.type not in (None, "custom") and not tool.type.startswith(_CLIENT_TOOLS):
            words = f"a tool of type {tool.type[:40]!r} has no price here; only tools that you run are passed on"
            raise unpriced("tools", words)
    if asked.service_tier not in (None, "auto", "standard_only"):
        raise unpriced("service_tier", "only the standard tier has a price here")
