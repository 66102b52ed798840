"""The data set: deterministic, broad, and kept apart from the examinations."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from itertools import islice

import pytest

from solvent.lightening.dataset import EXAMS, ask, examination, topics, training_questions
from solvent.lightening.patterns import expand
from solvent.lightening.questions import SMALL_TALK, plain
from solvent.lightening.word_files import answers, exam_words, training_words
from solvent.lightening.words import LANGUAGES, OTHER, Language, Question

SAMPLE = 40_000


@pytest.fixture(scope="module")
def sample() -> list[Question]:
    return list(islice(training_questions(7), SAMPLE))


def test_the_same_seed_makes_the_same_questions() -> None:
    first, second = (list(islice(training_questions(3), 500)) for _ in range(2))
    assert first == second
    assert first != list(islice(training_questions(4), 500))


def test_training_hardly_repeats_itself(sample: list[Question]) -> None:
    assert len({question.text for question in sample}) > 0.98 * SAMPLE


def test_every_topic_has_hundreds_of_wordings_in_both_languages(sample: list[Question]) -> None:
    wordings: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for question in sample:
        wordings[question.topic, question.language].append(plain(question.text))
    assert set(wordings) == {(topic, language) for topic in (*topics(), OTHER) for language in LANGUAGES}
    for (topic, _), texts in wordings.items():
        assert len(texts) > 300
        assert len(set(texts)) / len(texts) > (0.5 if topic in SMALL_TALK else 0.93), topic


def test_every_training_pattern_can_be_expanded() -> None:
    chance = random.Random(5)
    for language in LANGUAGES:
        words = training_words(language)
        lists = {**words.words, "x": ("token",), "d": ("ask",)}
        patterns = [*words.frames, *words.hows, *words.hard_things]
        for topic in words.topics.values():
            patterns += [*topic.things, *topic.doings, *topic.asks]
        assert all(expand(pattern, lists, chance) for pattern in patterns for _ in range(3))


def test_examinations_ask_about_everything_in_both_languages() -> None:
    for name in EXAMS:
        asked = examination(name)
        assert len({(plain(question.text), question.language) for question in asked}) == len(asked)
        counted = Counter(question.topic for question in asked)
        assert set(counted) == {*topics(), OTHER}
        assert sum(counted.values()) - counted[OTHER] >= 400
        assert counted[OTHER] >= 200


def test_no_examination_question_is_ever_trained_on(sample: list[Question]) -> None:
    trained = {plain(question.text) for question in sample}
    for name in EXAMS:
        assert trained.isdisjoint(plain(question.text) for question in examination(name))


def test_examination_frames_openings_and_endings_are_its_own() -> None:
    for language in LANGUAGES:
        words = training_words(language)
        trained = {*words.frames, *words.hows, *words.openings, *words.endings, *words.hard_things}
        for topic in words.topics.values():
            trained |= {*topic.asks, *topic.doings}
        exam, mock = exam_words("held_out", language), exam_words("dev", language)
        own = {*exam.openings, *exam.endings}
        for topic_name, patterns in exam.topics.items():
            own |= set(patterns) if topic_name not in ("greeting", "thanks") else set()
        assert trained.isdisjoint(own)
        assert own.isdisjoint({*mock.openings, *mock.endings})


def test_demo_questions_are_one_in_eight_unrelated_and_in_the_language_asked_for() -> None:
    chance = random.Random(11)
    language: Language
    for language in LANGUAGES:
        asked = [ask(chance, language) for _ in range(4_000)]
        assert {question.language for question in asked} == {language}
        unrelated = sum(question.topic == OTHER for question in asked) / len(asked)
        assert 0.10 < unrelated < 0.15
        assert len({question.topic for question in asked}) == len(topics()) + 1
        assert all(0 < len(question.text) < 200 for question in asked)


def test_answers_begin_so_differently_that_a_topic_is_recognised_early() -> None:
    starts = Counter(text[:24] for languages in answers().values() for text in languages.values())
    assert max(starts.values()) == 1


def test_noise_leaves_a_question_to_answer(sample: list[Question]) -> None:
    assert all(question.text.strip() for question in sample)
