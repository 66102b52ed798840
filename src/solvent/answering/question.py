"""A question as the doors hand it in: checked, sized, and with the client's own words untouched."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from solvent.providers.port import Dialect, Task
from solvent.values.ids import AnswerId


class Question(msgspec.Struct, frozen=True):
    """One question.

    members: the members of the client's JSON body, verbatim, to pass on.
    input_tokens_most: an upper bound of what the model can read of it.
    output_tokens_asked: the client's own limit, or None when it set none.
    user: whom the client answers for, in its own words. dialect: of the members.
    task: what is asked for. choices: how many answers to choose from, each within the limit.
    tariff: in which it is to be served, such as "flex"; "" is the plain way.
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
