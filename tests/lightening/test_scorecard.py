"""The scorecard: only the right answer in the right language counts."""

from __future__ import annotations

import msgspec

from solvent.lightening.scorecard import Scorecard, Verdict, recognise, score_verdicts, topic_shares
from solvent.lightening.word_files import answers
from solvent.lightening.words import OTHER, Question

QUESTIONS = (
    Question("What is a token?", "en", "token"),
    Question("토큰이 뭐예요", "ko", "token"),
    Question("weather", "en", OTHER),
    Question("What is a hold?", "en", "hold"),
)
VERDICTS: tuple[Verdict, ...] = (("token", "en"), ("token", "en"), (OTHER, "en"), None)


def test_recognises_every_answer_and_nothing_else() -> None:
    for topic, languages in answers().items():
        for language, text in languages.items():
            assert recognise(f" {text} ", answers()) == (topic, language)
    assert recognise("A token is a coin.", answers()) is None
    assert recognise("", answers()) is None


def test_the_wrong_language_is_a_wrong_answer() -> None:
    scores = {(s.kind, s.language): (s.right, s.questions) for s in score_verdicts("x", QUESTIONS, VERDICTS)}
    assert scores == {("on topic", "en"): (1, 2), ("on topic", "ko"): (0, 1), ("unrelated", "en"): (1, 1)}


def test_the_table_has_a_line_for_every_answerer() -> None:
    scores = (*score_verdicts("chance", QUESTIONS, [None] * 4), *score_verdicts("model", QUESTIONS, VERDICTS))
    card = Scorecard("held-out", scores)
    lines = card.table().splitlines()
    assert len(lines) == 4
    assert "| model | 0.0% | 50.0% |" in lines[3]
    assert card.share("model", "on topic") == 1 / 3
    assert msgspec.json.decode(msgspec.json.encode(card), type=Scorecard) == card


def test_shares_by_topic_show_the_worst_first() -> None:
    assert list(topic_shares(QUESTIONS, VERDICTS).items()) == [
        ("token ko", 0.0),
        ("hold en", 0.0),
        ("token en", 1.0),
        ("other en", 1.0),
    ]
