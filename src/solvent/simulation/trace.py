"""Traces: what was asked, by whom and when, as columns in blocks in the order of time.

A trace holds what happened and no money: what it costs and earns is for a scenario to say. Columns, because a month
of a busy service is tens of millions of answers, and each costs nanoseconds to rate so, and microseconds one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from solvent.values.errors import Invalid
from solvent.values.limits import TRACE_BLOCK_ROWS
from solvent.values.usage import BUCKETS, Usage, amounts

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Served(msgspec.Struct, frozen=True):
    """How answers on the books were served; of any others nothing is known, and they are plain.

    plan: the one they were asked on. cost_card: the name of what their upstream costs; "" for the model's own.
    price_as, cost_as: the tariff, kind of answer or share of a batch in the versions of their cards; "" for the plain
    prices. is_due, is_owed: False where nothing is charged, or owed, whatever a card says of an answer.
    """

    plan: str = ""
    price_as: str = ""
    cost_card: str = ""
    cost_as: str = ""
    is_due: bool = True
    is_owed: bool = True


PLAIN: Final = Served()
# Columns that only answers on the books have.
BESIDE: Final = ("served", "unread", "lost_grains", "borne_grains")


class Answer(msgspec.Struct, frozen=True):
    """One answer of a trace: whose, of which model, what it used. at_us: when it was asked, by which its prices go.

    id: "" for none. unread: tokens that we may owe for as read, beyond those that are charged. lost_grains: what
    attempts before it cost. borne_grains: what it came to beyond its hold, which the house bore.
    """

    at_us: int
    customer: str
    model: str
    usage: Usage
    id: str = ""
    served: Served = PLAIN
    unread: int = 0
    lost_grains: int = 0
    borne_grains: int = 0


class Block(msgspec.Struct, frozen=True):
    """Some answers, each a place in every column, in the order of time.

    customer, model: places in the trace's tables of names. used: columns by the name of their bucket in
    `values.usage`; a bucket nobody used may be left out. beside: the columns of BESIDE, of answers on the
    books; `served` has places in the trace's table.
    """

    at_us: Whole
    customer: Whole
    model: Whole
    used: Mapping[str, Whole]
    beside: Mapping[str, Whole] = {}

    @property
    def answers(self) -> int:
        """How many."""
        return len(self.at_us)

    def rows(self, chosen: Whole) -> Block:
        """Some of them, in that order."""
        return Block(
            self.at_us[chosen], self.customer[chosen], self.model[chosen],
            *({name: column[chosen] for name, column in of.items()} for of in (self.used, self.beside)),
        )  # fmt: skip

    def usage(self, place: int) -> Usage:
        """What one of them used, as the noun that is billed."""
        return Usage(**{bucket: int(column[place]) for bucket, column in self.used.items()})


class Trace(msgspec.Struct, frozen=True):
    """source: where it is from, for people. customers, models: names by their places in blocks.

    from_us, until_us: all answers were asked in [from_us, until_us). read: its blocks, each time from the first.
    notes: what of it is ours and not measured, in words. span_us: the time that it stands for, from the beginning of a
    day to the end of one; None for the days that its answers fall on. served: by their places in blocks.
    failed_grains: what answers that failed cost, by customer; they are none of its answers.
    """

    source: str
    customers: tuple[str, ...]
    models: tuple[str, ...]
    answers: int
    from_us: int
    until_us: int
    read: Callable[[], Iterator[Block]]
    notes: tuple[str, ...] = ()
    span_us: tuple[int, int] | None = None
    served: tuple[Served, ...] = ()
    failed_grains: Mapping[str, int] = {}


def trace_of(answers: Sequence[Answer], source: str) -> Trace:
    """The trace of answers at hand. Raises Invalid when there are none, or time goes backwards."""
    if not answers:
        raise Invalid("bad_trace", f"{source}: there are no answers in it, so there is nothing to replay")
    for number, (one, following) in enumerate(pairwise(answers), start=2):
        if following.at_us < one.at_us:
            message = f"{source}: answer {number} was asked before answer {number - 1}; sort them by time"
            raise Invalid("bad_trace", message, param="at_us")
    customers = tuple(dict.fromkeys(answer.customer for answer in answers))
    models = tuple(dict.fromkeys(answer.model for answer in answers))
    served = tuple(dict.fromkeys(answer.served for answer in answers))

    def read() -> Iterator[Block]:
        places = _Places(_places(customers), _places(models), _places(served))
        for first in range(0, len(answers), TRACE_BLOCK_ROWS):
            yield _block(answers[first : first + TRACE_BLOCK_ROWS], places)

    return Trace(
        source, customers, models, len(answers), answers[0].at_us, answers[-1].at_us + 1, read, served=served
    )  # fmt: skip


class _Places(msgspec.Struct, frozen=True):
    customers: Mapping[str, int]
    models: Mapping[str, int]
    served: Mapping[Served, int]


def _places(names: Iterable[Any]) -> dict[Any, int]:
    return {name: place for place, name in enumerate(names)}


def _block(answers: Sequence[Answer], places: _Places) -> Block:
    columns = np.array([amounts(answer.usage) for answer in answers], dtype=np.int64).T
    return Block(
        _whole(answer.at_us for answer in answers),
        _whole(places.customers[answer.customer] for answer in answers),
        _whole(places.models[answer.model] for answer in answers),
        {bucket: column for bucket, column in zip(BUCKETS, columns, strict=True) if column.any()},
        {
            "served": _whole(places.served[answer.served] for answer in answers),
            "unread": _whole(answer.unread for answer in answers),
            "lost_grains": _whole(answer.lost_grains for answer in answers),
            "borne_grains": _whole(answer.borne_grains for answer in answers),
        },
    )


def _whole(numbers: Iterable[Any]) -> Whole:
    return np.fromiter(numbers, dtype=np.int64)
