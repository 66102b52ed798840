"""The baselines: chance is chance, and the nearest question finds what it knows."""

from __future__ import annotations

from itertools import islice

from solvent.lightening.baseline import NearestQuestion, chance_verdicts, pieces
from solvent.lightening.dataset import examination, topics, training_questions
from solvent.lightening.words import OTHER


def test_pieces_are_words_and_parts_of_words() -> None:
    assert pieces("A hold?")["=hold"] == 1
    assert {" ho", "hol", "old", "ld ", " hold "[:4]} <= set(pieces("hold"))


def test_finds_a_question_it_knows_and_refuses_what_shares_nothing() -> None:
    known = list(islice(training_questions(21), 300))
    nearest = NearestQuestion(known)
    first = known[0]
    assert nearest.verdict(first.text) == (first.topic, first.language)
    assert nearest.verdict("ჯჯჯ") == (OTHER, "en")


def test_chance_is_about_one_in_fifty_six() -> None:
    questions = examination("held_out") * 20
    verdicts = chance_verdicts(questions, (*topics(), OTHER), 1)
    right = sum(v == (q.topic, q.language) for q, v in zip(questions, verdicts, strict=True))
    assert 0.010 < right / len(questions) < 0.026
