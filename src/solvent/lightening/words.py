"""The vocabulary of this room: a question, and the word lists that questions are made from. Pure values."""

from typing import Literal

import msgspec

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")
OTHER = "other"

Lines = tuple[str, ...]


class Question(msgspec.Struct, frozen=True):
    """A question in one language and the topic whose answer is right for it (`other` means refuse)."""

    text: str
    language: Language
    topic: str


class TopicWords(msgspec.Struct, frozen=True):
    """Training wordings of one topic in one language: noun phrases, verb phrases and whole questions."""

    things: Lines = ()
    doings: Lines = ()
    asks: Lines = ()


class TrainingWords(msgspec.Struct, frozen=True):
    """Training wordings of one language."""

    openings: Lines
    endings: Lines
    frames: Lines
    hows: Lines
    words: dict[str, Lines]
    topics: dict[str, TopicWords]
    hard_things: Lines
    chatter: Lines


class ExamWords(msgspec.Struct, frozen=True):
    """Wordings of one language in an examination that training never sees."""

    openings: Lines
    endings: Lines
    words: dict[str, Lines]
    topics: dict[str, Lines]
