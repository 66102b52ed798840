"""Rules about the shape of one file: its size, its names, its first words (8, 9, 10)."""

from __future__ import annotations

import ast
import re

from tests.house.exceptions import LONG_DOCSTRINGS
from tests.house.house import House, Source

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
DOCSTRING_LINES_MAX = 5

# Words that say nothing about what a thing does. As the last word of a name, or the first of these two.
EMPTY_WORDS = frozenset(
    {"util", "utils", "helper", "helpers", "common", "base", "core", "service", "services"}
    | {"manager", "managers", "handler", "handlers", "impl", "abstract", "misc"}
)
EMPTY_FIRST_WORDS = frozenset({"abstract", "base", "common"})


def files_fit_on_a_screen(house: House) -> list[str]:
    """Rule 8: a file has at most 400 lines, a function at most 60; in src, tests and bench."""
    broken = []
    for source in house.sources + house.around:
        lines = len(source.text.splitlines())
        if lines > FILE_LINES_MAX:
            what = f"{lines} lines, at most {FILE_LINES_MAX}; split the file by what it talks about"
            broken.append(source.breach(FILE_LINES_MAX + 1, 8, what))
        for function in source.functions:
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                what = f"{function.name}() has {lines} lines, at most {FUNCTION_LINES_MAX}; name its steps"
                broken.append(source.breach(function.lineno, 8, what))
    return broken


def names_carry_meaning(house: House) -> list[str]:
    """Rule 9: no file, folder or class with a name that would fit anything."""
    broken = []
    for source in house.sources + house.around:
        for part in source.place.removesuffix(".py").split("/"):
            if word := _empty_word(part.split("_")):
                what = f"{part!r} is an empty name ({word}); say what the file knows or does"
                broken.append(source.breach(1, 9, what))
        for node in source.nodes:
            if isinstance(node, ast.ClassDef) and (word := _empty_word(_words(node.name))):
                what = f"{node.name!r} is an empty name ({word}); name the class for what it is"
                broken.append(source.breach(node.lineno, 9, what))
    return broken


def _words(name: str) -> list[str]:
    """HTTPHandler is HTTP and Handler."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)


def _empty_word(words: list[str]) -> str:
    """The word that makes a name empty, or ""."""
    lower = [w.lower() for w in words if w]
    if lower and lower[-1] in EMPTY_WORDS:
        return lower[-1]
    return lower[0] if lower and lower[0] in EMPTY_FIRST_WORDS else ""


def modules_say_what_they_are(house: House) -> list[str]:
    """Rule 10: a module opens with a docstring of 1-5 lines, and no Python file is empty."""
    empty = [s for s in house.around if not s.text.strip()]
    broken = [s.breach(1, 10, "an empty file; write its docstring, or delete it") for s in empty]
    for source in house.sources:
        lines = docstring_lines(source)
        if not lines:
            what = "no docstring; open with one to five lines: what the file is and why it is so"
            broken.append(source.breach(1, 10, what))
        elif lines > DOCSTRING_LINES_MAX and source.place not in LONG_DOCSTRINGS:
            what = f"a docstring of {lines} lines, at most {DOCSTRING_LINES_MAX}; move the rest"
            broken.append(source.breach(1, 10, what))
    return broken


def docstring_lines(source: Source) -> int:
    """Lines of a module's docstring, blank ones too; 0 for none."""
    return len((ast.get_docstring(source.tree) or "").strip().splitlines())
