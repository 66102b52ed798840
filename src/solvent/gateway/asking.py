"""Reads a chat completion request: every member that costs money is checked before anything is held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from solvent.answering.question import NO_PICTURES, Pictures, Question
from solvent.gateway.pictures import pictures_at
from solvent.gateway.reading import check_choices, check_limit, read_members, tariff_asked, unpriced
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import MESSAGES_MAX, NAME_CHARACTERS_MAX, STOP_SEQUENCES_MAX, TOP_LOGPROBS_MAX

# What a chat template may add around the messages: system lines, role markers. The body itself bounds the
# rest, for a token is at least one byte of it.
TEMPLATE_TOKENS: Final = 128

# Members that cost more than tokens read and written, or that could get around the limit we hold money for.
UNPRICED: Final = {
    "audio", "background", "best_of", "enable_search", "fallbacks", "id_slot", "lora", "modalities", "models",
    "n_cmpl", "n_predict", "plugins", "prediction", "preset", "provider", "route", "search_options",
    "search_parameters", "web_search", "web_search_options",
}  # fmt: skip


class _Picture(msgspec.Struct):
    url: str


class _Part(msgspec.Struct):
    type: str
    image_url: _Picture | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None


class StreamOptions(msgspec.Struct):
    """What a client wants of a stream."""

    include_usage: bool | None = None


class _Tool(msgspec.Struct):
    type: str = "function"


class _Chat(msgspec.Struct):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    temperature: float | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    tools: list[_Tool] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    service_tier: str | None = None


_decoder = msgspec.json.Decoder(_Chat)


def read_question(body: bytes, id: AnswerId, received_us: int) -> tuple[Question, bool]:
    """The question in a request body, and whether the client asked for a usage event in its stream.

    Raises Invalid naming the member at fault.
    """
    chat, members = read_members(body, _decoder)
    _check(chat)
    if not UNPRICED.isdisjoint(members):
        raise unpriced(min(UNPRICED & members.keys()))
    parts: list[_Part] = []
    for message in chat.messages:
        if isinstance(message.content, list):
            parts += message.content
    if parts or chat.tools:
        _refuse_unpriced(parts, chat.tools or ())
    pictures = _pictures(parts) if parts else NO_PICTURES
    asked = chat.max_completion_tokens if chat.max_completion_tokens is not None else chat.max_tokens
    question = Question(
        id=id,
        received_us=received_us,
        model=chat.model,
        members=members,
        stream=chat.stream is True,
        input_tokens_most=len(body) - pictures.characters + TEMPLATE_TOKENS,
        output_tokens_asked=asked,
        user=chat.user[:NAME_CHARACTERS_MAX] if chat.user else "",
        choices=check_choices(chat.n) if chat.n is not None else 1,
        tariff=tariff_asked(chat.service_tier) if chat.service_tier is not None else "",
        pictures=pictures,
    )
    return question, chat.stream_options is not None and chat.stream_options.include_usage is True


def _check(chat: _Chat) -> None:
    if not 1 <= len(chat.messages) <= MESSAGES_MAX:
        raise Invalid("bad_request", f"messages: send 1 to {MESSAGES_MAX} messages", param="messages")
    if chat.max_tokens is not None:
        check_limit("max_tokens", chat.max_tokens)
    if chat.max_completion_tokens is not None:
        check_limit("max_completion_tokens", chat.max_completion_tokens)
    if chat.temperature is not None and not 0 <= chat.temperature <= 2:
        raise Invalid("bad_request", "temperature: it is between 0 and 2", param="temperature")
    if isinstance(chat.stop, list) and len(chat.stop) > STOP_SEQUENCES_MAX:
        raise Invalid("bad_request", f"stop: at most {STOP_SEQUENCES_MAX} sequences", param="stop")
    if chat.top_logprobs is not None and not 0 <= chat.top_logprobs <= TOP_LOGPROBS_MAX:
        message = f"top_logprobs: it is between 0 and {TOP_LOGPROBS_MAX}"
        raise Invalid("bad_request", message, param="top_logprobs")


def _pictures(parts: Iterable[_Part]) -> Pictures:
    found = [part.image_url.url if part.image_url else "" for part in parts if part.type == "image_url"]
    return pictures_at(found, "messages") if found else NO_PICTURES


def _refuse_unpriced(parts: Iterable[_Part], tools: Iterable[_Tool]) -> None:
    for part in parts:
        if part.type not in ("text", "refusal", "image_url"):
            words = f"content of type {part.type[:40]!r} has no price here; send text and pictures"
            raise unpriced("messages", words)
    for tool in tools:
        if tool.type != "function":
            words = f"a tool of type {tool.type[:40]!r} has no price here; only functions are passed on"
            raise unpriced("tools", words)
