"""One answer as it is overheard for the request log: what was asked, and what has been told of it so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from solvent.answering.paring import sized
from solvent.answering.question import Question
from solvent.billing.plan import LogTerms
from solvent.guarding.walking import written
from solvent.providers.port import Chunk, Dialect
from solvent.values.ids import CustomerId, KeyId
from solvent.values.limits import LOG_CHARACTERS_MAX

# One text of an answer: its choice or block, what it is, and which call it is of.
_Place = tuple[int, str, int]

_OF_WORDS: Final = ("chat", "completions")
_THOUGHTS: Final = ("reasoning_content", "reasoning", "thinking")
_TEXTS: Final = (*_THOUGHTS, "content", "text", "refusal")
_read_choices = msgspec.json.Decoder(list[dict[str, Any]] | None).decode
_decode = msgspec.json.Decoder().decode


class Heard:
    """terms: what is to be kept of it. told_characters: of all words that were told so far. weight: bytes that it holds
    on to. Nothing that is told can make it fail.
    """

    __slots__ = (
        "_asked", "_dialect", "_files", "_lengths", "_members", "_sound", "_texts", "at_us", "customer", "id", "key",
        "model", "task", "terms", "told_characters", "weight",
    )  # fmt: skip

    def __init__(self, question: Question, customer: CustomerId, key: KeyId, model: str, terms: LogTerms) -> None:
        self._asked = question.members
        self._files = {file.field: sized(file.content_type or "FILE", len(file.data)) for file in question.files}
        self._dialect = question.dialect
        self.terms = terms
        self.id = question.id
        self.customer = customer
        self.key = key
        self.model = model
        self.task = question.task
        self.at_us = question.received_us
        self.weight = sum(len(bytes(raw)) for raw in question.members.values())
        self.told_characters = 0
        self._sound = 0
        self._texts: dict[_Place, list[str]] = {}
        self._lengths: dict[_Place, int] = {}
        self._members: Mapping[str, msgspec.Raw] = {}

    def hear(self, chunk: Chunk) -> None:
        """What the customer was told now."""
        self._sound += len(chunk.data)
        if self.task not in _OF_WORDS:
            if chunk.members:
                self._members = chunk.members
            return
        try:
            for place, words in _pieces(chunk.members, self._dialect):
                self._add(place, words)
        except (msgspec.DecodeError, AttributeError, TypeError, RecursionError):  # an upstream's odd words: not ours
            self._add((0, "content", 0), "[UNREADABLE]")

    def asked(self) -> dict[str, Any]:
        """What was asked, as JSON: as the model got it."""
        return {name: _decode(raw) for name, raw in self._asked.items()} | self._files

    def told(self) -> dict[str, Any]:
        """What was told of it, as JSON."""
        told = {name: _decode(raw) for name, raw in self._members.items()}
        if self._sound:
            told["sound"] = sized("SOUND", self._sound)
        if self.task in _OF_WORDS:
            told["texts"] = [self._text(place) for place in self._texts if place[1] != "name"]
        return told

    def _text(self, place: _Place) -> dict[str, Any]:
        index, name, call = place
        words = "".join(self._texts[place])
        choice = {"choice": index} if index and self._dialect == "chat" else {}
        if name == "arguments":
            named = "".join(self._texts.get((index, "name", call), ()))
            return {**choice, "said": "call", "name": named, "arguments": words}
        return {**choice, "said": "thought" if name in _THOUGHTS else "reply", "text": words}

    def _add(self, place: _Place, words: str) -> None:
        length = self._lengths.get(place, 0)
        kept = words[: max(0, LOG_CHARACTERS_MAX + 1 - length)]  # one more: so it is always cut where it is masked
        self._lengths[place] = length + len(kept)
        self.told_characters += len(words)
        self.weight += len(kept)
        if kept:
            self._texts.setdefault(place, []).append(kept)


def _pieces(members: Mapping[str, msgspec.Raw], dialect: Dialect) -> Iterator[tuple[_Place, str]]:
    """The texts of a whole answer, or of one event of a stream."""
    if dialect == "messages":
        yield from _of_message({name: _decode(raw) for name, raw in members.items()})
        return
    for choice in _read_choices(members["choices"]) or () if "choices" in members else ():
        said = choice.get("delta") or choice.get("message") or choice
        yield from _said(choice.get("index", 0), said)
        for n, call in enumerate(said.get("tool_calls") or ()):
            function = call.get("function") or {}
            for name in ("name", "arguments"):
                if isinstance(function.get(name), str):
                    yield (choice.get("index", 0), name, call.get("index", n)), function[name]


def _of_message(event: Mapping[str, Any]) -> Iterator[tuple[_Place, str]]:
    one = event.get("content_block") or event.get("delta")
    blocks = [(event.get("index", 0), one)] if one else list(enumerate(event.get("content") or ()))
    for index, block in blocks:
        yield from _said(index, block)
        if isinstance(block.get("name"), str):
            yield (index, "name", 0), block["name"]
        if isinstance(block.get("partial_json"), str):
            yield (index, "arguments", 0), block["partial_json"]
        elif block.get("input"):
            yield (index, "arguments", 0), written(block["input"])


def _said(index: int, said: Mapping[str, Any]) -> Iterator[tuple[_Place, str]]:
    for name in _TEXTS:
        if isinstance(said.get(name), str):
            yield (index, name, 0), said[name]
