"""Splits the time of an engine among the answers of its log, and says what the usual rules would have charged.

All of it is whole numbers of whatever unit the log's times are in: shares sum to the busy time, and busy and idle time
to the log's whole span. See `values.shared_clock`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

import msgspec

from solvent.engines.port import Level
from solvent.values.shared_clock import SharedClock, Stay

_COMES, _BEGINS, _LEAVES = range(3)  # at one instant in this order, so that nobody leaves before they came
_LONG: Final = 20  # the longest twentieth of the questions


class Served(msgspec.Struct, frozen=True):
    """One answer as an engine logged it. came, began, left: when it was taken up, its first token came, and it ended
    in whatever way. began: None where nobody noted it, or none came.
    """

    id: str
    came: int
    began: int | None
    left: int
    input_tokens: int
    output_tokens: int


class Attribution(msgspec.Struct, frozen=True):
    """shares: of each answer, in the order of the log. busy, idle: from the first who came to the last who left.

    levels: by what each share is known. Whoever wrote nothing and has no first token was read until it ended; whoever
    wrote, and nobody noted since when, is known by presence, and only that one.
    """

    shares: tuple[int, ...]
    busy: int
    idle: int
    levels: tuple[Level, ...]

    @property
    def level(self) -> Level:
        """By what most of the log is known: presence where nobody's first token was noted."""
        return "phases" if "phases" in self.levels else "presence"


class RuleError(msgspec.Struct, frozen=True):
    """How far a rule is from the exact shares. Fractions; long_questions: what the longest twentieth of the questions
    is charged at the median, where 1 is right.
    """

    rule: str
    median: float
    p95: float
    long_questions: float


# What engines' bills are usually split by. 4: what a token written costs of one read, as interfaces are often priced.
USUAL: Final[dict[str, Callable[[Served], int]]] = {
    "total_tokens": lambda one: one.input_tokens + one.output_tokens,
    "input_and_4_output": lambda one: one.input_tokens + 4 * one.output_tokens,
    "output_tokens": lambda one: one.output_tokens,
}


def attribute(log: Sequence[Served], level: Level = "phases") -> Attribution:
    """By when each answer came, began to write and left. level: "presence" leaves first tokens out of it."""
    levels = _levels(log, level)
    events = [(one.came, _COMES, place) for place, one in enumerate(log)]
    events += [(one.left, _LEAVES, place) for place, one in enumerate(log)]
    for place, one in enumerate(log):
        if levels[place] == "phases" and one.began is not None:
            events.append((one.began, _BEGINS, place))
    events.sort()
    clock, seen, shares = SharedClock(), events[0][0] if events else 0, [0] * len(log)
    stays: dict[int, Stay] = {}
    for at, kind, place in events:
        clock.spend(at - seen)
        seen = at
        if kind == _COMES:
            stays[place] = clock.come(is_reading=levels[place] == "phases")
        elif kind == _BEGINS:
            clock.begin(stays[place])
        else:
            shares[place] = clock.leave(stays.pop(place))
    return Attribution(tuple(shares), clock.busy, clock.idle, levels)


def _levels(log: Sequence[Served], level: Level) -> tuple[Level, ...]:
    presence: Level = "presence"
    if level == presence or all(one.began is None for one in log):
        return (presence,) * len(log)
    return tuple(presence if one.began is None and one.output_tokens else level for one in log)


def error_of(rule: str, weights: Sequence[int], shares: Sequence[int], log: Sequence[Served]) -> RuleError | None:
    """What a bill of the same sum comes to when it is split by `weights`. None where nothing can be said."""
    whole, total = sum(shares), sum(weights)
    apart = [
        (weight * whole / (total * share), one.input_tokens)
        for weight, share, one in zip(weights, shares, log, strict=True)
        if share
    ] if total else []  # fmt: skip
    if not apart:
        return None
    errors = sorted(abs(charged - 1) for charged, _ in apart)
    longest = sorted(apart, key=lambda one: one[1])[-max(1, len(apart) // _LONG) :]
    return RuleError(
        rule, median(errors), errors[min(len(errors) - 1, len(errors) * 95 // 100)], median(c for c, _ in longest)
    )


def usual_errors(log: Sequence[Served], shares: Sequence[int]) -> list[RuleError]:
    """Of each usual rule, and of the equal share of the time that an answer is there."""
    found = [error_of(rule, [weigh(one) for one in log], shares, log) for rule, weigh in USUAL.items()]
    found.append(error_of("equal_time", attribute(log, "presence").shares, shares, log))
    return [error for error in found if error is not None]


def split_bill(bill: int, attribution: Attribution) -> tuple[list[int], int]:
    """A bill in whole units as parts of the answers and of idle time, which sum to it: the cumulative share of it is
    rounded down, and each pays the difference.
    """
    span = attribution.busy + attribution.idle
    parts, so_far, paid = [], 0, 0
    for share in attribution.shares:
        so_far += share
        due = bill * so_far // span if span else 0
        parts.append(due - paid)
        paid = due
    return parts, bill - paid
