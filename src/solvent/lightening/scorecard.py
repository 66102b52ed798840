"""Score what was answered against what should have been, and lay the scores out as a table.

Pure: it recognises a topic by the exact start of its answer, so a half-right answer is wrong.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from solvent.lightening.words import LANGUAGES, OTHER, Language, Question

RECOGNISED_CHARACTERS = 40
ON_TOPIC_TARGET = 0.85
REFUSAL_TARGET = 0.90

Kind = Literal["on topic", "unrelated"]
KINDS: tuple[Kind, ...] = ("on topic", "unrelated")
Answers = Mapping[str, Mapping[Language, str]]
Verdict = tuple[str, Language] | None
"""The topic and language whose answer was given, or None for a text that is no known answer."""


class Score(msgspec.Struct, frozen=True):
    """One row: how many of the questions of a kind and language got the right answer in the right language."""

    answerer: str
    kind: Kind
    language: Language
    questions: int
    right: int


class Scorecard(msgspec.Struct, frozen=True):
    """All rows of an examination, and per topic how the model did."""

    examination: str
    scores: tuple[Score, ...]
    topics: dict[str, float] = {}
    complete_share: float = 0.0
    seconds: float = 0.0

    def share(self, answerer: str, kind: str) -> float:
        """Right answers per question of a kind over both languages, 0 to 1."""
        rows = [score for score in self.scores if score.answerer == answerer and score.kind == kind]
        return sum(row.right for row in rows) / max(1, sum(row.questions for row in rows))

    def table(self) -> str:
        """A Markdown table for people: one line per answerer, one column per kind and language."""
        columns = [(kind, language) for kind in KINDS for language in LANGUAGES]
        counts = {(score.kind, score.language): score.questions for score in self.scores}
        head = [f"{kind} {language} (n={counts.get((kind, language), 0)})" for kind, language in columns]
        lines = [_line([self.examination, *head, "on topic", "unrelated"])]
        lines.append(_line(["---"] + ["---:"] * (len(columns) + 2)))
        for answerer in dict.fromkeys(score.answerer for score in self.scores):
            by = {(s.kind, s.language): s for s in self.scores if s.answerer == answerer}
            cells = [_percent(by[column].right / by[column].questions) for column in columns if column in by]
            both = [_percent(self.share(answerer, kind)) for kind in KINDS]
            lines.append(_line([answerer, *cells, *both]))
        return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _percent(share: float) -> str:
    return f"{share:.1%}"


def recognise(text: str, answers: Answers) -> Verdict:
    """Which topic's answer a text is, judged by its first characters; None when it is none of them."""
    start = text.strip()[:RECOGNISED_CHARACTERS]
    for topic, languages in answers.items():
        for language, answer in languages.items():
            if start == answer[:RECOGNISED_CHARACTERS]:
                return topic, language
    return None


def score_verdicts(answerer: str, questions: Iterable[Question], verdicts: Iterable[Verdict]) -> tuple[Score, ...]:
    """Rows of one answerer; a verdict counts when both the topic and the language are right."""
    counted: dict[tuple[Kind, Language], list[bool]] = {}
    for question, verdict in zip(questions, verdicts, strict=True):
        kind: Kind = "unrelated" if question.topic == OTHER else "on topic"
        counted.setdefault((kind, question.language), []).append(verdict == (question.topic, question.language))
    return tuple(Score(answerer, kind, language, len(marks), sum(marks)) for (kind, language), marks in counted.items())


def topic_shares(questions: Iterable[Question], verdicts: Iterable[Verdict]) -> dict[str, float]:
    """Share of right answers by `topic language`, worst first: where to widen the training words."""
    counted: dict[str, list[bool]] = {}
    for question, verdict in zip(questions, verdicts, strict=True):
        name = f"{question.topic} {question.language}"
        counted.setdefault(name, []).append(verdict == (question.topic, question.language))
    shares: Mapping[str, float] = {name: sum(marks) / len(marks) for name, marks in counted.items()}
    return dict(sorted(shares.items(), key=lambda item: item[1]))
