"""Reads a responses request: every member that costs money is checked before anything is held.

As with messages, what is known to cost nothing but tokens is listed; what is not is refused. What would make it another
answer and cannot be done here is refused as well; what only tunes it is left out.
Source: platform.openai.com/docs/api-reference/responses/create (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from solvent.answering.question import NO_PICTURES, Pictures, Question
from solvent.bridging.responses_request import Asked, Item, Part, chat_members, items_of, not_served, user_of
from solvent.gateway.asking import TEMPLATE_TOKENS
from solvent.gateway.pictures import pictures_at
from solvent.gateway.reading import check_limit, read_members, tariff_asked, unpriced
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import MESSAGES_MAX, NAME_CHARACTERS_MAX

_MEANT: Final = frozenset(Asked.__struct_fields__)
# Tune an answer or how it comes, and no more; a limit on tools of which there are none here.
_LEFT_OUT: Final = {
    "max_tool_calls", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "stream_options",
}  # fmt: skip
# Would make it another answer: what may be asked of each all the same, and what to do instead.
_UNSERVED: Final[dict[str, tuple[frozenset[bytes], str]]] = {
    "background": (frozenset({b"false"}), "nothing goes on here when nobody listens; ask for a stream"),
    "conversation": (frozenset(), "conversations are not kept here; send the whole of it as input"),
    "include": (frozenset({b"[]"}), "there is nothing to include beyond the output; leave it out"),
    "prompt": (frozenset(), "prompts are not kept here; send instructions and input"),
    "top_logprobs": (frozenset({b"0"}), "log probabilities are not told here; leave it out"),
    "truncation": (frozenset({b'"disabled"'}), "nothing is cut from the input here; send what fits the model"),
}
_ITEMS: Final = {"message", "function_call", "function_call_output", "reasoning"}
_TEXTS: Final = {"input_text", "output_text", "text", "refusal"}
_SEEN: Final = "input_image"

_decoder = msgspec.json.Decoder(Asked)
_decode_items = msgspec.json.Decoder(list[Item]).decode


def read_responses(body: bytes) -> tuple[Asked, dict[str, msgspec.Raw]]:
    """A request body: what it asks, and its own members. Raises Invalid naming the member at fault."""
    asked, members = read_members(body, _decoder)
    members = {name: value for name, value in members.items() if bytes(value) != b"null"}
    _check(asked)
    _refuse_unserved(members)
    _refuse_unpriced(asked, members)
    return asked, members


def question_of(asked: Asked, body_bytes: int, before: Sequence[str], id: AnswerId, received_us: int) -> Question:
    """The question in a request, as chat. before: the items that it goes on from, JSON arrays.

    Raises Invalid naming the member at fault.
    """
    items = [item for said in before for item in _decode_items(said)]
    if len(items) + len(items_of(asked)) > MESSAGES_MAX:
        message = f"input: with the conversation it goes on from it has more than {MESSAGES_MAX} messages and calls"
        raise Invalid("bad_request", message, param="input")
    pictures = _pictures([*items, *items_of(asked)])
    read = body_bytes + sum(len(said.encode()) for said in before) - pictures.characters
    return Question(
        id=id,
        received_us=received_us,
        model=asked.model,
        members=chat_members(asked, items),
        stream=bool(asked.stream),
        input_tokens_most=read + TEMPLATE_TOKENS,
        output_tokens_asked=asked.max_output_tokens,
        user=user_of(asked)[:NAME_CHARACTERS_MAX],
        tariff=tariff_asked(asked.service_tier),
        pictures=pictures,
        service="api/responses",
    )


def _check(asked: Asked) -> None:
    if not 1 <= len(items_of(asked)) <= MESSAGES_MAX:
        raise Invalid("bad_request", f"input: send a text, or 1 to {MESSAGES_MAX} messages and calls", param="input")
    check_limit("max_output_tokens", asked.max_output_tokens)
    if asked.temperature is not None and not 0 <= asked.temperature <= 2:
        raise Invalid("bad_request", "temperature: it is between 0 and 2", param="temperature")


def _refuse_unserved(members: dict[str, msgspec.Raw]) -> None:
    for name in sorted(_UNSERVED.keys() & members.keys()):
        harmless, instead = _UNSERVED[name]
        if bytes(members[name]) not in harmless:
            raise not_served(name, instead)


def _refuse_unpriced(asked: Asked, members: dict[str, msgspec.Raw]) -> None:
    unknown = members.keys() - _MEANT - _LEFT_OUT - _UNSERVED.keys()
    if unknown:
        raise unpriced(min(unknown))
    for item in asked.input if isinstance(asked.input, list) else ():
        if item.type == "item_reference":
            raise not_served("input", "items are not kept here, so none can be referred to; send each of them whole")
        if item.type not in _ITEMS:
            raise unpriced("input", f"an item of type {item.type[:40]!r} has no price here; send messages and calls")
        if item.type != "reasoning":
            _refuse_unpriced_parts(item.content, _TEXTS | {_SEEN})
            _refuse_unpriced_parts(item.output, _TEXTS)
    for tool in asked.tools or ():
        if tool.type != "function":
            words = f"a tool of type {tool.type[:40]!r} has no price here; only functions are passed on"
            raise unpriced("tools", words)


def _refuse_unpriced_parts(parts: str | list[Part] | None, known: AbstractSet[str]) -> None:
    for part in parts if isinstance(parts, list) else ():
        if part.type not in known:
            raise unpriced("input", f"content of type {part.type[:40]!r} has no price here; send text")


def _pictures(items: Sequence[Item]) -> Pictures:
    """Of the whole conversation: those of before are seen again."""
    found = [
        part.image_url
        for item in items
        if isinstance(item.content, list)
        for part in item.content
        if part.type == _SEEN
    ]
    return pictures_at(found, "input") if found else NO_PICTURES
