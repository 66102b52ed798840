"""What a model gets to read of a conversation: its newest turns, as many as fit."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from solvent.talking.turn import Picture, Turn
from solvent.values.ids import TurnId
from solvent.values.limits import CONTEXT_CHARACTERS_MAX, CONTEXT_TURNS_MAX, TALK_PICTURES_BYTES_MAX


class Context(msgspec.Struct, frozen=True):
    """messages: as chat completions have them. left_out: how many turns at the beginning are not in them."""

    messages: list[dict[str, Any]]
    left_out: int


def context_of(path: Sequence[Turn], pictures: Mapping[TurnId, Sequence[Picture]], *, sees: bool) -> Context:
    """path: the branch with the new question as its last turn, which is always in it. sees: whether the model can be
    shown pictures.

    A turn that was never answered is left out with its question, for the model would think that it had kept silent.
    Pictures are shown newest first, while they fit.
    """
    *before, asked = path
    told = [turn for turn in before if turn.answer]
    room = CONTEXT_CHARACTERS_MAX - len(asked.question)
    first = len(told)
    while first and len(told) - first < CONTEXT_TURNS_MAX:
        room -= len(told[first - 1].question) + len(told[first - 1].answer)
        if room < 0:
            break
        first -= 1
    shown = _seen([asked, *reversed(told[first:])], pictures) if sees else {}
    messages: list[dict[str, Any]] = []
    for turn in told[first:]:
        messages.append({"role": "user", "content": _content(turn, shown)})
        messages.append({"role": "assistant", "content": turn.answer})
    messages.append({"role": "user", "content": _content(asked, shown)})
    return Context(messages, first)


def _seen(
    newest_first: Sequence[Turn], pictures: Mapping[TurnId, Sequence[Picture]]
) -> dict[TurnId, Sequence[Picture]]:
    room, seen = TALK_PICTURES_BYTES_MAX, dict[TurnId, Sequence[Picture]]()
    for turn in newest_first:
        room -= sum(len(picture.data) for picture in pictures.get(turn.id, ()))
        if room < 0:
            break
        seen[turn.id] = pictures.get(turn.id, ())
    return seen


def _content(turn: Turn, shown: Mapping[TurnId, Sequence[Picture]]) -> str | list[dict[str, Any]]:
    parts = [{"type": "image_url", "image_url": {"url": _address(picture)}} for picture in shown.get(turn.id, ())]
    return [{"type": "text", "text": turn.question}, *parts] if parts else turn.question


def _address(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
