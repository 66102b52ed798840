"""A question as the doors hand it in: checked, sized, and with the client's own words untouched."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from solvent.guarding.rule import Guarded
from solvent.providers.port import Dialect, File, Task
from solvent.values.ids import AnswerId
from solvent.values.usage import Usage


class Pictures(msgspec.Struct, frozen=True):
    """count: how many. characters: of base64 in the question, which nobody reads as text. has_addresses: whether the
    provider has to fetch some."""

    count: int = 0
    characters: int = 0
    has_addresses: bool = False


class Count(msgspec.Struct, frozen=True):
    """How many tokens a question is read as. is_exact: by its provider's count, else at most."""

    tokens: int
    is_exact: bool


NO_PICTURES = Pictures()


class Question(msgspec.Struct, frozen=True):
    """One question.

    members: the members of the client's JSON body, verbatim, to pass on.
    input_tokens_most: an upper bound of what the model can read of it, but for its pictures.
    output_tokens_asked: the client's own limit, or None when it set none.
    user: whom the client answers for, in its own words. dialect: of the members.
    task: what is asked for. choices: how many answers to choose from, each within the limit.
    tariff: in which it is to be served, such as "flex"; "" is the plain way. pictures: to be seen.
    kind: of the answer, where kinds have prices of their own, such as pictures of "1024x1024/hd". beside: the most it
    can come to beside words, such as pictures that are made; sure: what it comes to as soon as anything is answered,
    where its provider says nothing else. files: that come with it.
    service: what it is asked through where that is not the API, such as chat/quick.
    guarded: what guards did to it and are to do to its answer; None where there are none for it.
    """

    id: AnswerId
    received_us: int
    model: str
    members: Mapping[str, msgspec.Raw]
    stream: bool
    input_tokens_most: int
    output_tokens_asked: int | None
    user: str = ""
    dialect: Dialect = "chat"
    task: Task = "chat"
    choices: int = 1
    tariff: str = ""
    pictures: Pictures = NO_PICTURES
    kind: str = ""
    beside: Usage | None = None
    sure: Usage | None = None
    files: tuple[File, ...] = ()
    guarded: Guarded | None = None
    service: str = ""


@cache
def service_of(dialect: Dialect, task: Task) -> str:
    """What a question of the API came through: what was called."""
    return f"api/{dialect if task == 'chat' else task}"
