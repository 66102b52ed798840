"""What a model gets to read of a conversation: its newest turns, as many as fit."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from solvent.talking.turn import Document, Picture, Turn
from solvent.values.ids import TurnId
from solvent.values.limits import (
    CONTEXT_CHARACTERS_MAX,
    CONTEXT_DOCUMENTS_CHARACTERS_MAX,
    CONTEXT_TURNS_MAX,
    TALK_PICTURES_BYTES_MAX,
)


class Context(msgspec.Struct, frozen=True):
    """messages: as chat completions have them. left_out: how many turns at the beginning are not in them."""

    messages: list[dict[str, Any]]
    left_out: int


def context_of(
    path: Sequence[Turn], pictures: Mapping[TurnId, Sequence[Picture]],
    documents: Mapping[TurnId, Sequence[Document]], *, sees: bool,
) -> Context:  # fmt: skip
    """path: the branch with the new question as its last turn, which is always in it. sees: whether the model can be
    shown pictures.

    A turn that was never answered is left out with its question, for the model would think that it had kept silent.
    Pictures and documents are shown newest first, while they fit; of a document that does not, its name is.
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
    newest_first = [asked, *reversed(told[first:])]
    shown = _seen(newest_first, pictures) if sees else {}
    read = _read(newest_first, documents)
    messages: list[dict[str, Any]] = []
    for turn in told[first:]:
        messages.append({"role": "user", "content": _content(turn, shown, read)})
        messages.append({"role": "assistant", "content": turn.answer})
    messages.append({"role": "user", "content": _content(asked, shown, read)})
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


def _read(newest_first: Sequence[Turn], documents: Mapping[TurnId, Sequence[Document]]) -> dict[TurnId, str]:
    """Of each turn, what a model reads of its documents."""
    room, told = CONTEXT_DOCUMENTS_CHARACTERS_MAX, dict[TurnId, str]()
    for turn in newest_first:
        its = documents.get(turn.id, ())
        room -= sum(len(document.text) for document in its)
        told[turn.id] = "".join(f"{as_text(document) if room >= 0 else document.name}\n\n" for document in its)
    return told


def as_text(document: Document) -> str:
    """Its name, and its text in a fence that nothing in it ends."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", document.text)), default=0))
    part = f" ({document.pages_read}/{document.pages})" if document.is_cut and document.pages else ""
    return f"{document.name}{part}{' …' if document.is_cut else ''}\n{fence}\n{document.text}\n{fence}"


def _content(
    turn: Turn, shown: Mapping[TurnId, Sequence[Picture]], read: Mapping[TurnId, str]
) -> str | list[dict[str, Any]]:  # fmt: skip
    parts = [{"type": "image_url", "image_url": {"url": _address(picture)}} for picture in shown.get(turn.id, ())]
    words = f"{read[turn.id]}{turn.question}".strip() if read[turn.id] else turn.question
    return [{"type": "text", "text": words}, *parts] if parts else words


def _address(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
