"""What is wrong with a form of the console, in the visitor's words: which field, and what may stand there.

Refusals speak the language of the API. What a body's own type refuses (msgspec's words) is told apart here, whatever
the field; of all else the code's words are said, and the API's own stand beside them, folded where they are foreign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from solvent.pages.visit import Visit
from solvent.pages.words import Words
from solvent.values.errors import SolventError

_KINDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("missing", re.compile(r"missing required field|of length >= 1\b")),
    ("unknown", re.compile(r"unknown field")),
    ("many", re.compile(r"`array` of length <= (?P<n>\d+)")),
    ("long", re.compile(r"of length <= (?P<n>\d+)")),
    ("least", re.compile(r">=? (?P<n>-?\d+)")),
    ("most", re.compile(r"<=? (?P<n>-?\d+)")),
    ("whole_number", re.compile(r"expected `int")),
    ("choice", re.compile(r"invalid enum value|expected `bool")),
    ("characters", re.compile(r"has a character that is none")),
)  # fmt: skip
_FIRST: Final = re.compile(r"[\w-]+")


def said_of(visit: Visit, problem: SolventError, do: str = "") -> tuple[str, str]:
    """The sentence, and the field of the form that is at fault; "" for none of them. do: which form."""
    param = problem.param or ""
    label = _label(visit.texts, param, do)
    if problem.code == "bad_request" and (found := kind_of(problem.message)):
        kind, members = found
        said = visit.words(f"wrong.{kind}", **members)
    else:
        said = visit.said(problem)
    return (visit.words("wrong.field", field=label, said=said) if label else said), param


def kind_of(message: str) -> tuple[str, Mapping[str, object]] | None:
    """What a body's type refused, and the bound that it names; None for what it did not refuse."""
    for kind, pattern in _KINDS:
        if match := pattern.search(message):
            return kind, match.groupdict()
    return None


def detail_of(problem: SolventError, said: str) -> str:
    """The API's own words, where they say more; "" else."""
    is_said = problem.code == "bad_request" and kind_of(problem.message) is not None
    return "" if is_said or problem.message == said else problem.message


def _label(texts: Words, param: str, do: str) -> str:
    name = match[0] if (match := _FIRST.match(param)) else ""
    for key in (f"fields.{do}_{name}", f"fields.{name}"):
        if name and texts.has(key):
            return texts(key)
    return ""
