"""The house model's data set: endless training questions, two fixed examinations, and realistic demo traffic.

It introduces the word files to the question maker; everything it gives out depends on a seed alone.
"""

import random
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Literal

from solvent.lightening.questions import Library, asked_question, exam_questions, plain, training_question
from solvent.lightening.word_files import answers, exam_words, training_words
from solvent.lightening.words import LANGUAGES, OTHER, Language, Question

ExamName = Literal["dev", "held_out"]
EXAMS: tuple[ExamName, ...] = ("dev", "held_out")


def topics() -> tuple[str, ...]:
    """Every topic that has its own answer, without `other`."""
    return tuple(topic for topic in answers() if topic != OTHER)


def ask(random: random.Random, language: Language) -> Question:
    """A realistic question for demo traffic, about one in eight unrelated to the service."""
    return asked_question(_library(), random, language)


def training_questions(seed: int) -> Iterator[Question]:
    """The endless training stream of a seed, without any question that an examination asks."""
    library, chance = _library(), random.Random(seed)
    forbidden = {plain(question.text) for question in chain.from_iterable(map(examination, EXAMS))}
    while True:
        question = training_question(library, chance)
        if plain(question.text) not in forbidden:
            yield question


@cache
def examination(name: ExamName) -> tuple[Question, ...]:
    """The fixed questions of an examination in both languages; `dev` is the mock one for tuning."""
    chance = random.Random(f"examination {name}")
    by_language = (exam_questions(exam_words(name, language), language, chance) for language in LANGUAGES)
    return tuple(chain.from_iterable(by_language))


def _library() -> Library:
    return {language: training_words(language) for language in LANGUAGES}
