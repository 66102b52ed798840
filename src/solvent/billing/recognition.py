"""Revenue is earned over time, or as it is used, not when it is paid: how much of a deferred sum is earned by now.

Cumulative and rounded once, so that what is posted are differences and they sum to the whole exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.values.ids import CustomerId
from solvent.values.money import round_half_even

DONE_US: Final = 2**62


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One deferred sum. Its fields are the columns of `schedules`, in their order.

    grains: of either sign; what was given back is a schedule below zero, over the same time.
    account, revenue_account: where it waits and where it goes. from_us, until_us: over which time it is earned.
    pot, pieces: when set, it is earned as the pot's pieces are used, and what is left at until_us is breakage.
    recognised_grains: what was posted so far. attention_us: when there is something to post next; DONE_US for never.
    accrued_grains: what the margins of its days have of it. accrue_us: from when on they have nothing of it yet, and
    of a pot the last instant it is good for; DONE_US when they have all. pot_debits: what had been taken out of the
    pot when they were last added to. See `accrual`.
    """

    id: str
    customer: CustomerId
    plan: str
    account: str
    revenue_account: str
    currency: str
    grains: int
    from_us: int
    until_us: int
    pot: str
    pieces: int
    recognised_grains: int
    attention_us: int
    accrued_grains: int
    accrue_us: int
    pot_debits: int


class Earned(msgspec.Struct, frozen=True):
    """What is earned, in grains since the beginning: by service, and because the rest was never used."""

    revenue: int
    breakage: int = 0

    @property
    def total(self) -> int:
        """What leaves the deferred account."""
        return self.revenue + self.breakage


def earned_by_time(schedule: Schedule, at_us: int) -> int:
    """Grains earned from the beginning until just before an instant; never less for a later one."""
    if at_us <= schedule.from_us:
        return 0
    if at_us >= schedule.until_us:
        return schedule.grains
    return round_half_even(schedule.grains * (at_us - schedule.from_us), schedule.until_us - schedule.from_us)


def earned_by_use(schedule: Schedule, used: int, at_us: int) -> Earned:
    """used: pieces taken from the pot so far."""
    revenue = round_half_even(schedule.grains * min(max(used, 0), schedule.pieces), max(1, schedule.pieces))
    if at_us >= schedule.until_us:
        return Earned(revenue, schedule.grains - revenue)
    return Earned(revenue)


def earned_between(schedule: Schedule, from_us: int, until_us: int) -> int:
    """Grains earned by time within [from_us, until_us): days of it sum to the whole."""
    return earned_by_time(schedule, until_us) - earned_by_time(schedule, from_us)


def handed_over(found: Sequence[Schedule], plan: str, at_us: int) -> list[Schedule]:
    """What gives a plan all that is still to be earned by time of one deferred account from an instant on.

    found: every schedule of the account. A period changes its plan on the way, and a credit note mirrors the lines it
    finds; whatever they say, the plan that serves the rest of a period earns it. The schedules come in pairs that sum
    to nothing: only whose income it is changes.
    """
    rest: Counter[tuple[str, str, int]] = Counter()
    for one in found:
        if not one.pot and one.until_us > at_us and one.plan != plan:
            rest[one.plan, one.revenue_account, one.until_us] += one.grains - earned_by_time(one, at_us)
    moves = [(key, side, grains) for key, grains in sorted(rest.items()) if grains for side in (-1, 1)]
    account = found[0].account if found else ""
    return [
        msgspec.structs.replace(
            found[0], id=f"{account}.{len(found) + number}", plan=other if side < 0 else plan,
            revenue_account=revenue_account, grains=side * grains, from_us=at_us, until_us=until_us, pot="", pieces=0,
            recognised_grains=0, attention_us=at_us, accrued_grains=0, accrue_us=at_us, pot_debits=0,
        )
        for number, ((other, revenue_account, until_us), side, grains) in enumerate(moves)
    ]  # fmt: skip


def recognised(schedule: Schedule, earned: int, at_us: int) -> Schedule:
    """The schedule after `earned` grains in all were posted."""
    is_done = at_us >= schedule.until_us and earned == schedule.grains
    attention_us = DONE_US if is_done else schedule.attention_us
    return msgspec.structs.replace(schedule, recognised_grains=earned, attention_us=attention_us)
