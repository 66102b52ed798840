"""Turn word lists into questions: noisy ones for training, clean ones for demo traffic, fixed ones for examinations.

Pure: the words are handed in and a seeded random decides, so every machine makes the same questions.
"""

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from solvent.lightening.noise import dress, spoil
from solvent.lightening.patterns import STEM_MARK, expand
from solvent.lightening.words import LANGUAGES, OTHER, ExamWords, Language, Question, TopicWords, TrainingWords

Library = Mapping[Language, TrainingWords]

SMALL_TALK = ("greeting", "thanks")
"""Topics whose questions are often nothing but what opens or ends another question."""

OTHER_SHARE_TRAINING = 0.36
OTHER_SHARE_ASKED = 1 / 8
EXAM_QUESTIONS_PER_TOPIC = 8
EXAM_QUESTIONS_UNRELATED = 100
_KEYBOARD: Mapping[Language, str] = {
    "ko": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㅏㅑㅓㅕㅗㅛㅜㅠ",
    "en": "abcdefghijklmnopqrstuvwxyz0123456789",
}
_PSEUDO_EN = ("b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "pl", "qu")
_PSEUDO_EN_ENDS = ("a", "e", "i", "o", "u", "an", "ar", "el", "en", "er", "ick", "im", "on", "oo", "op", "ul", "y")
_PSEUDO_KO = "가각간감강개거건걸게경고곡골공과관교구국군권귀금기길김나난날남내너노농누다단달담당대덕도동두라란람랑래로루르리마막만말매머명모목무문물미민바박반발방배백버범변별병보복봉부북분비빈사산살삼상새서석선설섬성세소손솔송수숙순술숲시식신실심쌀아안암애양어언여역연열영오옥온완왕외요용우운울원월유은을음의이인일임자작잔장재전절정제조종좌주죽준중지진집차찬창채처천철청체초촌총최추축춘충치칠코쾌타탄탑태토통파판팔패편평포표품풍하학한함항해행향허현형호혼홍화환활황회효후훈흥희힘"


def asked_question(library: Library, chance: random.Random, language: Language) -> Question:
    """A clean question as customers ask it, about one in eight unrelated to the service."""
    words = library[language]
    unrelated = chance.random() < OTHER_SHARE_ASKED
    topic = OTHER if unrelated else chance.choice(on_topic(words))
    # Only written-out questions: what training makes of random nouns and invented words is no demo.
    asks = [pattern for pattern in words.topics[topic].asks if "{noun}" not in pattern]
    core = expand(chance.choice(asks), words.words, chance)
    opening = chance.choice(words.openings) if chance.random() < 0.15 and topic not in SMALL_TALK else ""
    return Question(text=_close(f"{opening} {core}".strip(), language, chance), language=language, topic=topic)


def training_question(library: Library, chance: random.Random) -> Question:
    """One noisy training question; a stream of them has no end and hardly ever repeats."""
    language = chance.choice(LANGUAGES)
    words = library[language]
    if chance.random() < OTHER_SHARE_TRAINING:
        topic, core = OTHER, _unrelated(words, language, chance)
    else:
        topic = chance.choice(on_topic(words))
        core = _core(words, words.topics[topic], chance)
        if language == "ko" and chance.random() < 0.05:
            core = _switched(library, topic, chance) or core
        if chance.random() < 0.08:
            core = f"{core}{chance.choice((', ', '. ', '? ', ' '))}{_core(words, words.topics[topic], chance)}"
    if topic not in SMALL_TALK or chance.random() < 0.4:
        core = _decorate(core, words, chance)
    text = spoil(core, language, chance)
    return Question(text=dress(text, language, chance), language=language, topic=topic)


def exam_questions(words: ExamWords, language: Language, chance: random.Random) -> Iterator[Question]:
    """Eight different questions a topic and a hundred unrelated ones, every pattern used about equally often."""
    for topic, patterns in words.topics.items():
        wanted, seen = (EXAM_QUESTIONS_UNRELATED if topic == OTHER else EXAM_QUESTIONS_PER_TOPIC), set[str]()
        order: list[str] = []
        for _ in range(400):
            order = order or chance.sample(patterns, len(patterns))
            core = expand(order.pop(), words.words, chance)
            opening = chance.choice(words.openings) if chance.random() < 0.35 else ""
            ending = chance.choice(words.endings) if chance.random() < 0.25 else ""
            text = _close(f"{opening} {core}{',' if ending else ''} {ending}".strip(), language, chance)
            if plain(text) not in seen and len(seen) < wanted:
                seen.add(plain(text))
                yield Question(text=text, language=language, topic=topic)


def on_topic(words: TrainingWords) -> tuple[str, ...]:
    """Every topic with an answer of its own, in the order of the word file."""
    return tuple(topic for topic in words.topics if topic != OTHER)


def plain(text: str) -> str:
    """Letters and digits only, lower case: two questions with the same plain text count as identical."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text).lower())


def _close(text: str, language: Language, chance: random.Random) -> str:
    if language == "en" and chance.random() < 0.6:
        text = text[:1].upper() + text[1:]
    return text + chance.choice(("?", "?", "", "", "."))


def _decorate(core: str, words: TrainingWords, chance: random.Random) -> str:
    """Openings and endings, half of them random chatter, so that only the question itself can matter."""
    if chance.random() < 0.36:
        opening = chance.choice(words.openings) if chance.random() < 0.5 else _chatter(words, chance)
        core = f"{opening}{chance.choice((' ', ' ', ' ', ', ', '. '))}{core}"
    if chance.random() < 0.32:
        ending = chance.choice(words.endings) if chance.random() < 0.5 else _chatter(words, chance)
        core = f"{core}{chance.choice((' ', ', ', '. ', '? '))}{ending}"
    return core


def _chatter(words: TrainingWords, chance: random.Random) -> str:
    said = [chance.choice(words.chatter) for _ in range(chance.choice((1, 2, 2, 3, 3, 4, 5)))]
    if chance.random() < 0.15:
        said.insert(chance.randrange(len(said) + 1), _spliced(words.words["noun"], chance))
    return " ".join(said)


def _core(words: TrainingWords, topic: TopicWords, chance: random.Random) -> str:
    kinds = ["asks"] * 4 + ["things"] * (3 if topic.things else 0) + ["doings"] * (3 if topic.doings else 0)
    kind = chance.choice(kinds)
    if kind == "things":
        return _framed(words, expand(chance.choice(topic.things), words.words, chance), chance)
    if kind == "doings":
        return _done(words, expand(chance.choice(topic.doings), words.words, chance), chance)
    return expand(chance.choice(topic.asks), words.words, chance)


def _framed(words: TrainingWords, thing: str, chance: random.Random) -> str:
    return expand(chance.choice(words.frames), {**words.words, "x": (thing,)}, chance)


def _switched(library: Library, topic: str, chance: random.Random) -> str | None:
    """A Korean question about an English term, as in "token이 뭐야"."""
    english = library["en"]
    things = english.topics[topic].things
    return _framed(library["ko"], expand(chance.choice(things), english.words, chance), chance) if things else None


def _done(words: TrainingWords, doing: str, chance: random.Random) -> str:
    return expand(chance.choice(words.hows), {**words.words, "d": (doing + STEM_MARK,)}, chance)


def _unrelated(words: TrainingWords, language: Language, chance: random.Random) -> str:
    topic, lists = words.topics[OTHER], words.words
    if chance.random() < 0.25:
        lists = {**lists, "noun": tuple(_unheard(words, language, chance) for _ in range(3))}
    draw = chance.random()
    if draw < 0.38:
        return expand(chance.choice(topic.asks), lists, chance)
    if draw < 0.48:
        return _framed(words, chance.choice(lists["noun"]), chance)
    if draw < 0.60:
        return _done(words, expand(chance.choice(topic.doings), lists, chance), chance)
    if draw < 0.86:
        hard = expand(chance.choice(words.hard_things), lists, chance)
        return _framed(words, hard, chance) if chance.random() < 0.5 else hard
    if draw < 0.94:
        invented = " ".join(_unheard(words, language, chance) for _ in range(chance.choice((1, 1, 2))))
        return _framed(words, invented, chance) if chance.random() < 0.85 else invented
    if draw < 0.97:
        return " ".join(chance.choice(topic.things) for _ in range(chance.randint(2, 7)))
    return _random_string(language, chance)


def _unheard(words: TrainingWords, language: Language, chance: random.Random) -> str:
    if chance.random() < 0.5:
        return _spliced(words.words["noun"], chance)
    return _invented(language, chance)


def _spliced(nouns: Sequence[str], chance: random.Random) -> str:
    """The front of one word and the back of another: new, but spelt like real ones."""
    front, back = chance.choice(nouns), chance.choice(nouns)
    return front[: max(1, len(front) * 2 // 3)] + back[len(back) // 2 :]


def _invented(language: Language, chance: random.Random) -> str:
    """A word that does not exist: what the model has never met must lead to the refusal."""
    if language == "ko":
        return "".join(chance.choice(_PSEUDO_KO) for _ in range(chance.randint(2, 4)))
    syllables = chance.choice((1, 2, 2, 3))
    return "".join(
        chance.choice(_PSEUDO_EN) + chance.choice(_PSEUDO_EN_ENDS) for _ in range(syllables)
    ) + chance.choice(("", "s", "t", "ng", "x", "ness", "ia", "ing"))


def _random_string(language: Language, chance: random.Random) -> str:
    """Keys hit at random."""
    letters = _KEYBOARD[language]
    return " ".join(
        "".join(chance.choice(letters) for _ in range(chance.randint(2, 8))) for _ in range(chance.randint(1, 3))
    )
