"""One line of the profit and loss: sums over some answers, and what plans earned meanwhile.

Lines add up, so they can be kept as they grow.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.money import Money

# What lines can be summed by; the first are kept by `MarginKey`, the others by `facet`.
KeptBy = Literal["customer", "plan", "model", "day"]
GroupBy = Literal["customer", "plan", "model", "day", "service", "key"]


class MarginKey(msgspec.Struct, frozen=True):
    """What a roll-up is kept by. day: days since 1970-01-01 in the operator's time zone.

    model: "" for what plans and packs earned, which no one model did.
    """

    day: int
    customer: str
    plan: str
    model: str


class MarginSums(msgspec.Struct):
    """Sums over answers, money in grains of the operator's currency. A running total, so not frozen.

    granted_grains: the part of the charge that gifts paid. included_grains: at list price, covered by plans.
    earned_grains: what their plans and packs earned in that time, without VAT.
    pictures, characters, audio_input_ms, video_seconds: made, spoken, heard and filmed, as in `values.usage`.
    """

    answers: int = 0
    failed: int = 0
    charge_grains: int = 0
    granted_grains: int = 0
    included_grains: int = 0
    earned_grains: int = 0
    cost_grains: int = 0
    estimated_answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    energy_uj: int = 0
    pictures: int = 0
    characters: int = 0
    audio_input_ms: int = 0
    video_seconds: int = 0

    def add(self, other: MarginSums) -> None:
        """Take in another line."""
        self.shift(other, 1)

    def shift(self, other: MarginSums, sign: int) -> None:
        """Take in another line, or with -1 take it out again."""
        self.answers += sign * other.answers
        self.failed += sign * other.failed
        self.charge_grains += sign * other.charge_grains
        self.granted_grains += sign * other.granted_grains
        self.included_grains += sign * other.included_grains
        self.earned_grains += sign * other.earned_grains
        self.cost_grains += sign * other.cost_grains
        self.estimated_answers += sign * other.estimated_answers
        self.input_tokens += sign * other.input_tokens
        self.output_tokens += sign * other.output_tokens
        self.energy_uj += sign * other.energy_uj
        self.pictures += sign * other.pictures
        self.characters += sign * other.characters
        self.audio_input_ms += sign * other.audio_input_ms
        self.video_seconds += sign * other.video_seconds


class MarginLine(msgspec.Struct, frozen=True):
    """One row of a report. `name` is the group: a customer's id, a model, a day."""

    name: str
    currency: str
    sums: MarginSums

    @property
    def charge(self) -> Money:
        """What they paid."""
        return Money(self.sums.charge_grains, self.currency)

    @property
    def cost(self) -> Money:
        """What we paid."""
        return Money(self.sums.cost_grains, self.currency)

    @property
    def granted(self) -> Money:
        """The part of it that we gave them first."""
        return Money(self.sums.granted_grains, self.currency)

    @property
    def included(self) -> Money:
        """What they used at list price and their plan covered."""
        return Money(self.sums.included_grains, self.currency)

    @property
    def earned(self) -> Money:
        """What their plans and packs earned in that time."""
        return Money(self.sums.earned_grains, self.currency)

    @property
    def margin(self) -> Money:
        """What is left: gifts are no income."""
        return self.charge - self.granted + self.earned - self.cost

    @property
    def cost_each(self) -> Money | None:
        """What one answer cost us, rounded down; None while there is none."""
        return self._each(self.sums.cost_grains)

    @property
    def charge_each(self) -> Money | None:
        """What one answer was charged, rounded down; None while there is none."""
        return self._each(self.sums.charge_grains)

    def _each(self, grains: int) -> Money | None:
        return Money(grains // self.sums.answers, self.currency) if self.sums.answers else None


def total(lines: list[MarginLine], currency: str) -> MarginLine:
    """The line under the double rule."""
    sums = MarginSums()
    for line in lines:
        sums.add(line.sums)
    return MarginLine("total", currency, sums)
