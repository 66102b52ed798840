"""Spoil a clean question the way people do: typos, lost spaces, lost words, other orders, other cases.

A small model learns wordings, not meanings; noise is what makes it look at single words instead of sentences.
"""

import random
from typing import Literal

_FILLERS = {
    "ko": [
        "좀",
        "그",
        "저",
        "막",
        "약간",
        "진짜",
        "그냥",
        "혹시",
        "근데",
        "음",
        "뭐",
        "이제",
        "제발",
        "도대체",
        "대체",
        "아니",
        "정말",
        "지금",
        "일단",
        "요",
    ],
    "en": [
        "like",
        "um",
        "uh",
        "well",
        "just",
        "really",
        "actually",
        "basically",
        "please",
        "maybe",
        "so",
        "kind of",
        "you know",
        "the",
        "a",
        "ok",
        "now",
    ],
}
_LETTERS = {
    "ko": "가나다라마바사아자차카타파하거너더러머버서어저고노도로모보소오조구누두루무부수우주그느드르므브스으즈기니디리미비시이지",
    "en": "abcdefghijklmnopqrstuvwxyz",
}
_ENDS = ("?", "?", "?", "?", "", "", "", "", "", ".", ".", "??", "!", "...", " ?", "~")


def spoil(text: str, language: Literal["ko", "en"], chance: random.Random) -> str:
    """A noisier wording with the same meaning for a patient reader."""
    words = text.split()
    if len(words) >= 4 and chance.random() < 0.15:
        words = [word for word in words if chance.random() > 0.15] or words
    if len(words) >= 3 and chance.random() < 0.12:
        words = _reorder(words, chance)
    if chance.random() < 0.10:
        words.insert(chance.randrange(len(words) + 1), chance.choice(_FILLERS[language]))
    text = " ".join(words)
    if chance.random() < 0.16:
        for _ in range(chance.choice((1, 1, 2))):
            text = _mistype(text, _LETTERS[language], chance)
    return _respace(text, language, chance)


def dress(text: str, language: Literal["ko", "en"], chance: random.Random) -> str:
    """Vary case and the closing mark, which carry no meaning here."""
    if language == "en":
        draw = chance.random()
        if draw < 0.45:
            text = text.lower()
        elif draw < 0.90:
            text = text[:1].upper() + text[1:]
        elif draw < 0.94:
            text = text.upper()
        if chance.random() < 0.15:
            text = text.replace("'", "").replace(",", "")
    elif chance.random() < 0.10:
        text = text.lower()
    return (text.rstrip("?.! ") or text) + chance.choice(_ENDS)


def _reorder(words: list[str], chance: random.Random) -> list[str]:
    words = list(words)
    if chance.random() < 0.25:
        chance.shuffle(words)
        return words
    cut = chance.randrange(1, len(words))
    if chance.random() < 0.4:
        return words[cut:] + words[:cut]
    words[cut - 1], words[cut] = words[cut], words[cut - 1]
    return words


def _mistype(text: str, letters: str, chance: random.Random) -> str:
    if len(text) < 4:
        return text
    at = chance.randrange(len(text) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + chance.choice(letters) + text[at + 1 :]


def _respace(text: str, language: Literal["ko", "en"], chance: random.Random) -> str:
    draw = chance.random()
    if " " in text and draw < (0.06 if language == "ko" else 0.01):
        return text.replace(" ", "")
    if " " in text and draw < (0.22 if language == "ko" else 0.05):
        spaces = [at for at, letter in enumerate(text) if letter == " "]
        at = chance.choice(spaces)
        return text[:at] + text[at + 1 :]
    if len(text) > 4 and draw < (0.27 if language == "ko" else 0.06):
        at = chance.randrange(1, len(text) - 1)
        return text[:at] + " " + text[at:]
    return text
