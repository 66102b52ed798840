"""Traces: what was asked, by whom and when, as columns in blocks in the order of time.

A trace holds what happened and no money: what it costs and earns is for a scenario to say. Columns, because a month
of a busy service is tens of millions of answers, and each costs nanoseconds to rate so, and microseconds one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from solvent.values.errors import Invalid
from solvent.values.limits import TRACE_BLOCK_ROWS
from solvent.values.usage import BUCKETS, Usage, amounts

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Answer(msgspec.Struct, frozen=True):
    """One answer of a trace: whose, of which model, what it used. at_us: when it ended. id: "" for none."""

    at_us: int
    customer: str
    model: str
    usage: Usage
    id: str = ""


class Block(msgspec.Struct, frozen=True):
    """Some answers, each a place in every column, in the order of time.

    customer, model: places in the trace's tables of names. used: columns by the name of their bucket in
    `values.usage`; a bucket nobody used may be left out.
    """

    at_us: Whole
    customer: Whole
    model: Whole
    used: Mapping[str, Whole]

    @property
    def answers(self) -> int:
        """How many."""
        return len(self.at_us)

    def usage(self, place: int) -> Usage:
        """What one of them used, as the noun that is billed."""
        return Usage(**{bucket: int(column[place]) for bucket, column in self.used.items()})


class Trace(msgspec.Struct, frozen=True):
    """source: where it is from, for people. customers, models: names by their places in blocks.

    from_us, until_us: all answers ended in [from_us, until_us). read: its blocks, each time from the first.
    notes: what of it is ours and not measured, in words.
    """

    source: str
    customers: tuple[str, ...]
    models: tuple[str, ...]
    answers: int
    from_us: int
    until_us: int
    read: Callable[[], Iterator[Block]]
    notes: tuple[str, ...] = ()


def trace_of(answers: Sequence[Answer], source: str) -> Trace:
    """The trace of answers at hand. Raises Invalid when there are none, or time goes backwards."""
    if not answers:
        raise Invalid("bad_trace", f"{source}: there are no answers in it, so there is nothing to replay")
    for number, (one, following) in enumerate(pairwise(answers), start=2):
        if following.at_us < one.at_us:
            message = f"{source}: answer {number} ended before answer {number - 1}; sort them by time"
            raise Invalid("bad_trace", message, param="at_us")
    customers = tuple(dict.fromkeys(answer.customer for answer in answers))
    models = tuple(dict.fromkeys(answer.model for answer in answers))

    def read() -> Iterator[Block]:
        whose, which = _places(customers), _places(models)
        for first in range(0, len(answers), TRACE_BLOCK_ROWS):
            yield _block(answers[first : first + TRACE_BLOCK_ROWS], whose, which)

    return Trace(source, customers, models, len(answers), answers[0].at_us, answers[-1].at_us + 1, read)


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _block(answers: Sequence[Answer], whose: Mapping[str, int], which: Mapping[str, int]) -> Block:
    columns = np.array([amounts(answer.usage) for answer in answers], dtype=np.int64).T
    return Block(
        _whole(answer.at_us for answer in answers),
        _whole(whose[answer.customer] for answer in answers),
        _whole(which[answer.model] for answer in answers),
        {bucket: column for bucket, column in zip(BUCKETS, columns, strict=True) if column.any()},
    )


def _whole(numbers: Iterable[Any]) -> Whole:
    return np.fromiter(numbers, dtype=np.int64)
