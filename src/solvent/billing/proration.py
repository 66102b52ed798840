"""Proration: what one period comes to when its terms change on the way.

The whole period comes to the average of its terms, weighted by time to the microsecond and rounded once; each
change asks for, or gives back, the difference to what was asked before. So all parts sum to the whole exactly,
nothing is gained by changing back and forth, and nobody pays more than the dearest terms, or less than the cheapest.
"""

from __future__ import annotations

import msgspec

from solvent.values.money import round_half_even
from solvent.values.period import Period


class Stretch(msgspec.Struct, frozen=True):
    """From an instant on, a whole period of these terms would come to `amount`: grains, answers, tokens."""

    from_us: int
    amount: int


class Difference(msgspec.Struct, frozen=True):
    """What a change comes to.

    unused: what was asked for the time after it on the old terms; it comes back, so it is 0 or less.
    rest: what that time comes to on the new terms; 0 or more. Together: what is to be asked or given back now.
    """

    unused: int
    rest: int

    @property
    def total(self) -> int:
        """Above zero it is asked, below zero it is given back."""
        return self.unused + self.rest


def prorated(stretches: tuple[Stretch, ...], period: Period, until_us: int, step: int) -> int:
    """What the period comes to up to an instant, in whole steps, ties to even.

    stretches: in the order of time, the first from the period's start. until_us: within the period or its end.
    step: the smallest whole amount: GRAINS_PER_MINOR_UNIT for invoiced money, 1 for what is counted.
    """
    assert stretches[0].from_us == period.start_us, "a period has terms from its start"
    ends = [*(stretch.from_us for stretch in stretches[1:]), until_us]
    weighted = 0
    for stretch, end_us in zip(stretches, ends, strict=True):
        assert period.start_us <= stretch.from_us <= end_us <= period.end_us, "stretches follow each other in a period"
        weighted += stretch.amount * (end_us - stretch.from_us)
    return round_half_even(weighted, period.length_us * step) * step


def change(before: tuple[Stretch, ...], at_us: int, amount: int, period: Period, step: int) -> Difference:
    """From at_us on the terms are worth `amount` for a whole period.

    before: the terms so far, see `prorated`. at_us: not before the last of them began, and before the period's end.
    """
    asked = prorated(before, period, period.end_us, step)
    earned = prorated(before, period, at_us, step)
    whole = prorated((*before, Stretch(at_us, amount)), period, period.end_us, step)
    return Difference(earned - asked, whole - earned)


def end(before: tuple[Stretch, ...], at_us: int, period: Period, step: int) -> int:
    """What of the period comes back when it ends early, at_us: 0 or more."""
    return prorated(before, period, period.end_us, step) - prorated(before, period, at_us, step)


def after_use(given_back: int, owed: int, taken: int, step: int) -> int:
    """How much money comes back when a quota should lose `owed` and only `taken` of it is still there.

    Whoever has used more than the time that passed was worth gets so much less back. In whole steps, rounded down.
    """
    assert 0 <= taken <= owed, "no more is taken back than is owed"
    return given_back if not owed else given_back * taken // (owed * step) * step
