"""What nobody knows of the year to come: each a range with what is usual in it, all of them stated and changeable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.values.errors import Invalid


class Range(msgspec.Struct, frozen=True):
    """A triangle: nothing below `low` or above `high`, and most often `usual`."""

    low: float
    usual: float
    high: float


class Assumptions(msgspec.Struct, frozen=True):
    """All of them are assumed, none is measured: they are guesses to be replaced by what you know.

    growth, churn: of those who are there, so many join and leave a month. exchange: what a unit of the cost's money
    comes to, against now. cost_cut: by so much answers cost less at the end of the year.
    elasticity: how far demand falls as a customer's bill rises, against today's. Source of its range: no credible
    public number of AI plans was found; -0.5 to -2 is a prior (facts/ECONOMICS.md 2.3).
    tail: the index of Pareto's tail that the busiest customers follow; None: as it is fitted to the traffic itself.
    """

    growth: Range = Range(0.0, 0.03, 0.10)
    churn: Range = Range(0.02, 0.05, 0.12)
    exchange: Range = Range(0.9, 1.0, 1.1)
    cost_cut: Range = Range(0.0, 0.2, 0.5)
    elasticity: Range = Range(-2.0, -1.0, -0.5)
    tail: Range | None = None


LIMITS: Final = {
    "growth": (0.0, 1.0), "churn": (0.0, 1.0), "exchange": (0.1, 10.0), "cost_cut": (-1.0, 1.0),
    "elasticity": (-10.0, 0.0), "tail": (0.3, 20.0),
}  # fmt: skip


def assumed(said: tuple[str, ...]) -> Assumptions:
    """The assumptions with those that were said, each like churn=0.02:0.05:0.1 or churn=0.05. Raises Invalid."""
    changed: dict[str, Range] = {}
    for text in said:
        name, is_there, numbers = text.partition("=")
        if not is_there or name not in LIMITS:
            words = f"--assume {text[:60]!r}: write it like churn=0.02:0.05:0.1; there are {', '.join(sorted(LIMITS))}"
            raise Invalid("bad_assumption", words, param="assume")
        changed[name] = _range(name, numbers)
    return msgspec.structs.replace(Assumptions(), **changed)


def at_home(assumptions: Assumptions, said: Sequence[str]) -> Assumptions:
    """The same where all that answers cost is in the money of the books: no exchange moves it, unless one was said."""
    if any(text.startswith("exchange=") for text in said):
        return assumptions
    return msgspec.structs.replace(assumptions, exchange=Range(1.0, 1.0, 1.0))


def _range(name: str, text: str) -> Range:
    least, most = LIMITS[name]
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    low, usual, high = numbers if len(numbers) == 3 else (numbers * 3 if len(numbers) == 1 else (1.0, 0.0, 0.0))
    if not least <= low <= usual <= high <= most:
        words = f"{name}: write low:usual:high, rising and within {least:g} to {most:g}; not {text[:40]!r}"
        raise Invalid("bad_assumption", words, param="assume")
    return Range(low, usual, high)
