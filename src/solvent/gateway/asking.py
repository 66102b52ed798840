"""Reads a chat completion request: every member that costs money is checked before anything is held."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from solvent.answering.question import Question
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import MESSAGES_MAX, NAME_CHARACTERS_MAX, OUTPUT_TOKENS_MAX, STOP_SEQUENCES_MAX

# What a chat template may add around the messages: system lines, role markers. The body itself bounds the
# rest, for a token is at least one byte of it.
TEMPLATE_TOKENS: Final = 128

# Members that cost more than tokens read and written, or that could get around the limit we hold money for.
UNPRICED: Final = {
    "audio", "background", "best_of", "enable_search", "fallbacks", "id_slot", "lora", "modalities", "models",
    "n_cmpl", "n_predict", "plugins", "prediction", "provider", "route", "search_options", "search_parameters",
    "web_search", "web_search_options",
}  # fmt: skip


class _Part(msgspec.Struct):
    type: str


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Tool(msgspec.Struct):
    type: str = "function"


class _Chat(msgspec.Struct):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    temperature: float | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    tools: list[_Tool] | None = None
    service_tier: str | None = None


_decode = msgspec.json.Decoder(_Chat).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_PATH = re.compile(r" - at `\$\.?(.*)`\Z")


def read_question(body: bytes, id: AnswerId, received_us: int) -> tuple[Question, bool]:
    """The question in a request body, and whether the client asked for a usage event in its stream.

    Raises Invalid naming the member at fault.
    """
    try:
        body.decode()  # the members are passed on unread: they must at least be text
        chat = _decode(body)
        members = _decode_members(body)
    except UnicodeDecodeError as wrong:
        raise Invalid("not_utf8", f"the body is not UTF-8: {wrong.reason} at byte {wrong.start}") from None
    except msgspec.ValidationError as wrong:
        raise _misfit(str(wrong)) from None
    except msgspec.DecodeError as wrong:
        raise Invalid("not_json", f"the body is not JSON: {wrong}") from None
    except RecursionError:
        raise Invalid("not_json", "the body is nested too deeply to be read; send a flatter one") from None
    _check(chat)
    _refuse_unpriced(chat, members)
    asked = chat.max_completion_tokens if chat.max_completion_tokens is not None else chat.max_tokens
    question = Question(
        id=id,
        received_us=received_us,
        model=chat.model,
        members=members,
        stream=bool(chat.stream),
        input_tokens_most=len(body) + TEMPLATE_TOKENS,
        output_tokens_asked=asked,
        user=(chat.user or "")[:NAME_CHARACTERS_MAX],
    )
    return question, bool(chat.stream_options and chat.stream_options.include_usage)


def _misfit(words: str) -> Invalid:
    """msgspec's words name the place as a path; that is our `param`."""
    place = _PATH.search(words)
    missing = re.search(r"missing required field `(\w+)`", words)
    param = ".".join(part for part in (place[1] if place else "", missing[1] if missing else "") if part)
    return Invalid("bad_request", f"{param or 'the body'}: {_PATH.sub('', words)}", param=param or None)


def _check(chat: _Chat) -> None:
    if not 1 <= len(chat.messages) <= MESSAGES_MAX:
        raise Invalid("bad_request", f"messages: send 1 to {MESSAGES_MAX} messages", param="messages")
    for name in ("max_tokens", "max_completion_tokens"):
        limit: int | None = getattr(chat, name)
        if limit is not None and not 1 <= limit <= OUTPUT_TOKENS_MAX:
            message = f"{name}: {str(limit)[:20]} is not between 1 and {OUTPUT_TOKENS_MAX:,}"
            raise Invalid("bad_request", message, param=name)
    if chat.n not in (None, 1):
        raise Invalid("bad_request", "n: only 1 answer at a time is served; ask again for another", param="n")
    if chat.temperature is not None and not 0 <= chat.temperature <= 2:
        raise Invalid("bad_request", "temperature: it is between 0 and 2", param="temperature")
    if isinstance(chat.stop, list) and len(chat.stop) > STOP_SEQUENCES_MAX:
        raise Invalid("bad_request", f"stop: at most {STOP_SEQUENCES_MAX} sequences", param="stop")


def _refuse_unpriced(chat: _Chat, members: dict[str, msgspec.Raw]) -> None:
    if not UNPRICED.isdisjoint(members):
        name = min(UNPRICED & members.keys())
        raise Invalid("unpriced_feature", f"{name}: it has no price here, so it is not served", param=name)
    for message in chat.messages:
        for part in message.content if isinstance(message.content, list) else ():
            if part.type not in ("text", "refusal"):
                words = f"messages: content of type {part.type[:40]!r} has no price here; send text"
                raise Invalid("unpriced_feature", words, param="messages")
    for tool in chat.tools or ():
        if tool.type != "function":
            words = f"tools: a tool of type {tool.type[:40]!r} has no price here; only functions are passed on"
            raise Invalid("unpriced_feature", words, param="tools")
    if chat.service_tier not in (None, "auto", "default"):
        words = "service_tier: only the default tier has a price here"
        raise Invalid("unpriced_feature", words, param="service_tier")
