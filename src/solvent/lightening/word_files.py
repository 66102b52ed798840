"""Read the house model's YAML word lists from the package: the only file of this room that opens data.

Every list is one text block with one entry a line, so that patterns need no quoting and diffs stay readable.
"""

from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from solvent.lightening.words import LANGUAGES, OTHER, ExamWords, Language, Lines, TopicWords, TrainingWords


def _load(name: str) -> Any:
    return yaml.safe_load(files("solvent.data.house_model").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))


def _lines(block: str | None) -> Lines:
    return tuple(line.strip() for line in (block or "").splitlines() if line.strip())


def _words(block: dict[str, str]) -> dict[str, Lines]:
    return {name: tuple(text.split("|")) for name, text in block.items()}


@cache
def answers() -> dict[str, dict[Language, str]]:
    """The one answer of every topic in every language; `other` is the refusal."""
    loaded = _load("topics")
    return {topic: {language: loaded[topic][language] for language in LANGUAGES} for topic in loaded}


@cache
def training_words(language: Language) -> TrainingWords:
    """All training wordings of one language, the unrelated ones under the topic `other`."""
    loaded, other = _load(f"train_{language}"), _load("train_other")[language]
    topics = {
        topic: TopicWords(**{kind: _lines(block) for kind, block in kinds.items()})
        for topic, kinds in loaded["topics"].items()
    }
    nouns = tuple(noun for line in _lines(other["nouns"]) for noun in line.split("|"))
    verbs = tuple(verb for line in _lines(other["verbs"]) for verb in line.split("|"))
    topics[OTHER] = TopicWords(things=nouns, doings=_lines(other["doings"]), asks=_lines(other["asks"]))
    return TrainingWords(
        openings=_lines(loaded["openings"]),
        endings=_lines(loaded["endings"]),
        frames=_lines(loaded["frames"]),
        hows=_lines(loaded["hows"]),
        words={**_words(loaded["words"]), "noun": nouns, "verb": verbs},
        topics=topics,
        hard_things=_lines(other["hard"]),
        chatter=tuple(loaded["chatter"].strip().split("|")),
    )


@cache
def exam_words(name: Literal["dev", "held_out"], language: Language) -> ExamWords:
    """The wordings of one examination; training code must never call this."""
    loaded = _load(name)
    return ExamWords(
        openings=_lines(loaded["openings"][language]),
        endings=_lines(loaded["endings"][language]),
        words=_words(loaded["words"][language]),
        topics={topic: _lines(block[language]) for topic, block in loaded["topics"].items()},
    )
