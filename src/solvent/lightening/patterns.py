"""Expand a written pattern into one wording: [a|b] chooses, {name} takes a word, ~은 becomes the fitting particle.

Pure: the caller's random decides everything, so a seed reproduces a data set exactly.
"""

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache

Node = str | tuple[str, tuple["Node", ...]]
"""A literal text, or ("all", parts) in order, ("one", choices), ("word", (name,))."""

MODELS_ENTRY = "[[models]]"
_MODELS_MARK = "\x01"
STEM_MARK = "\x02"
"""Follows a Korean verb stem, so that 내려받 + 려면 becomes 내려받으려면."""

_PAIRS = {"이": ("이", "가"), "은": ("은", "는"), "을": ("을", "를"), "과": ("과", "와"), "으로": ("으로", "로")}
_PARTICLE = re.compile(r"(.)(\s*)~(이라고|이라는|이란|이랑|이야|이에요|이|은|을|과|으로)?", re.DOTALL)
_STEM = re.compile(rf"(.){STEM_MARK}(?=[려면])")
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,.?!])")


@cache
def parse(pattern: str) -> Node:
    """The tree of a pattern; raises ValueError when a bracket or brace is left open."""
    text = pattern.replace(MODELS_ENTRY, _MODELS_MARK)
    node, end = _parse_all(text, 0, "")
    if end != len(text):
        raise ValueError(f"pattern has a stray bracket: {pattern!r}")
    return node


def _parse_all(text: str, start: int, stops: str) -> tuple[Node, int]:
    parts: list[Node] = []
    literal, at = "", start
    while at < len(text) and text[at] not in (stops or "]"):
        if text[at] == "[":
            choices, at = _parse_choices(text, at + 1)
            parts += [literal, ("one", choices)]
            literal = ""
        elif text[at] == "{":
            close = text.index("}", at)
            parts += [literal, ("word", (text[at + 1 : close],))]
            literal, at = "", close + 1
        else:
            literal, at = literal + text[at], at + 1
    parts.append(literal)
    return ("all", tuple(part for part in parts if part != "")), at


def _parse_choices(text: str, start: int) -> tuple[tuple[Node, ...], int]:
    choices: list[Node] = []
    at = start
    while True:
        choice, at = _parse_all(text, at, "|]")
        choices.append(choice)
        if at >= len(text):
            raise ValueError(f"pattern has an open bracket: {text!r}")
        at += 1
        if text[at - 1] == "]":
            return tuple(choices), at


def expand(pattern: str, words: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    """One wording of the pattern; words may themselves be patterns."""
    return tidy(_render(parse(pattern), words, chance))


def _render(node: Node, words: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    if isinstance(node, str):
        return node
    kind, parts = node
    if kind == "all":
        return "".join(_render(part, words, chance) for part in parts)
    if kind == "one":
        return _render(parts[int(chance.random() * len(parts))], words, chance)
    name = str(parts[0])
    if name == "number":
        return str(chance.choice((chance.randint(2, 20), chance.randint(2, 999), chance.randint(1000, 2030))))
    choices = words[name]
    word = choices[int(chance.random() * len(choices))]
    return _render(parse(word), words, chance) if "[" in word or "{" in word else word


def tidy(text: str) -> str:
    """Resolve particles and stems, then leave single spaces."""
    text = _STEM.sub(_join_stem, text).replace(STEM_MARK, "")
    if "~" in text:
        text = _PARTICLE.sub(_join_particle, text).replace("~", "")
    text = _SPACES.sub(" ", text.replace(_MODELS_MARK, MODELS_ENTRY)).strip()
    return _BEFORE_MARK.sub(r"\1", text)


def _final_consonant(letter: str) -> int:
    """0 for none; Hangul syllables count their finals from 1, and 8 is rieul."""
    if "가" <= letter <= "힣":
        return (ord(letter) - ord("가")) % 28
    return {"l": 8, "m": 16, "n": 4, "0": 21, "1": 8, "3": 16, "6": 1, "7": 8, "8": 8}.get(letter.lower(), 0)


def _join_particle(match: re.Match[str]) -> str:
    letter, _, particle = match.groups()
    if particle is None:
        return letter
    final = _final_consonant(letter)
    if particle in _PAIRS:
        return letter + _PAIRS[particle][0 if final and not (particle == "으로" and final == 8) else 1]
    if particle == "이에요":
        return letter + ("이에요" if final else "예요")
    return letter + (particle if final else particle[1:])


def _join_stem(match: re.Match[str]) -> str:
    return match.group(1) + ("으" if _final_consonant(match.group(1)) not in (0, 8) else "")
