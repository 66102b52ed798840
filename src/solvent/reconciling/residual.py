"""The residual: what a provider bills beyond what our books hold, by day and model, by day, or by model.

Billed usage is what the books hold and the residual, to the last grain, in every line and in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from solvent.reconciling.bill import BillLine, Booked
from solvent.values.money import round_half_even

By = Literal["line", "day", "model"]
Sums = tuple[int, int]  # billed, and booked
_MILLION = 10**6


class ResidualLine(msgspec.Struct, frozen=True):
    """day: -1 where it is of all of them; model: "" likewise. is_known: whether our books have that model.

    named: what the bill calls it. answers: on our books. sold_as: what customers know it as.
    """

    day: int
    model: str
    is_known: bool
    named: tuple[str, ...]
    billed_grains: int
    booked_grains: int
    answers: int
    sold_as: str

    @property
    def grains(self) -> int:
        """Above zero where the provider bills more."""
        return self.billed_grains - self.booked_grains

    @property
    def share_ppm(self) -> int | None:
        """In millionths of what is billed; None where nothing is."""
        return share_ppm(self.grains, self.billed_grains)


def share_ppm(residual: int, billed: int) -> int | None:
    """A residual in millionths of what is billed, half to even; None where nothing is billed."""
    return round_half_even(residual * _MILLION, abs(billed)) if billed else None


def percent_text(ppm: int) -> str:
    """Millionths as a percentage with two decimals, such as "-0.51 %"."""
    whole, parts = divmod(round_half_even(abs(ppm), 100), 100)
    sign = "-" if ppm < 0 and (whole or parts) else ""
    return f"{sign}{whole:,}.{parts:02d} %"


class Limit(msgspec.Struct, frozen=True):
    """From what residual on somebody should look: more than so many thousandths of what is billed, and of less than
    `least_grains` nobody is told."""

    permille: int
    least_grains: int = 0


def is_over(billed: int, booked: int, limit: Limit) -> bool:
    """Whether a residual is beyond the limit: of what is billed, or of our books where nothing is."""
    residual = abs(billed - booked)
    return residual >= limit.least_grains and residual * 1_000 > limit.permille * abs(billed or booked)


def over(lines: Sequence[BillLine], booked: Sequence[Booked], limit: Limit) -> tuple[list[ResidualLine], bool]:
    """The days and the models whose residual is beyond the limit, the largest first; and whether anything is: those,
    or all together."""
    by_day, by_model = (residual_lines(lines, booked, by) for by in ("day", "model"))
    beyond = [one for one in (*by_day, *by_model) if is_over(one.billed_grains, one.booked_grains, limit)]
    whole = (sum(one.billed_grains for one in by_day), sum(one.booked_grains for one in by_day))
    return sorted(beyond, key=lambda one: -abs(one.grains)), rings(whole, [], limit) or bool(beyond)


def rings(whole: Sums, parts: Iterable[Sums], limit: Limit) -> bool:
    """Whether somebody should look at a bill. parts: the sums of each of its days and of each of its models."""
    return any(is_over(billed, booked, limit) for billed, booked in (whole, *parts))


def residual_lines(lines: Iterable[BillLine], booked: Iterable[Booked], by: By = "line") -> list[ResidualLine]:
    """Usage beside the books, in the order of days and names. A model nobody knows has its name in the bill."""
    found: dict[tuple[int, str, bool], _Sum] = {}

    def at(day: int, model: str, *, is_known: bool) -> _Sum:
        key = (-1 if by == "model" else day, "" if by == "day" else model, True if by == "day" else is_known)
        return found.setdefault(key, _Sum())

    for line in lines:
        if line.kind == "usage":
            one = at(line.day, line.model or line.named, is_known=bool(line.model))
            one.billed += line.grains
            one.named.setdefault(line.named)
    for cost in booked:
        one = at(cost.day, cost.model, is_known=True)
        one.booked += cost.grains
        one.answers += cost.answers
        one.sold_as = one.sold_as or cost.sold_as
    return [
        ResidualLine(day, model, is_known, tuple(one.named), one.billed, one.booked, one.answers, one.sold_as)
        for (day, model, is_known), one in sorted(found.items())
    ]


class _Sum(msgspec.Struct):
    named: dict[str, None] = msgspec.field(default_factory=dict)
    billed: int = 0
    booked: int = 0
    answers: int = 0
    sold_as: str = ""
