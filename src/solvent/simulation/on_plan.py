"""Everybody who is on one plan in a replay: what they draw from, and what the plan asks of them over the days replayed.

A plan's price falls on days as the books let it: what is earned by the end of the last day, rounded once.
"""

from __future__ import annotations

import msgspec
import numpy as np

from solvent.billing.plan import Plan, fee, net_of
from solvent.billing.recognition import Schedule, earned_by_time
from solvent.invoicing.tax import Tax, split
from solvent.simulation.mixed import Rated
from solvent.simulation.pots import Drawn, Pots, given_by
from solvent.simulation.walked import WalkedPots, seen_budgets
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT
from solvent.values.period import MONTHS, Period, period, period_at, zone


class Fees(msgspec.Struct, frozen=True):
    """What a plan asks from one of its periods on until the end: as in `CustomerLine`, in grains."""

    periods: int = 0
    fee: int = 0
    earned: int = 0
    revenue: int = 0
    months: float = 0.0

    def __add__(self, other: Fees) -> Fees:
        """Both."""
        return Fees(
            self.periods + other.periods, self.fee + other.fee, self.earned + other.earned,
            self.revenue + other.revenue, self.months + other.months,
        )  # fmt: skip


class OnPlan:
    """Whoever asks has been on it since the period of the first answer. span_us: the days that are replayed.

    first: in which period each customer came onto it; -1 for never.
    """

    def __init__(
        self, plan: Plan, time_zone: str, span_us: tuple[int, int], customers: int, classes: tuple[str, ...]
    ) -> None:  # fmt: skip
        self.plan = plan
        self._zone, self._span_us = zone(time_zone), span_us
        self.first = np.full(customers, -1, np.int64)
        self._number = 0
        given = given_by(plan, time_zone, span_us[0])
        self._pots = Pots(given, customers, classes)
        walked = seen_budgets(plan) or not self._pots.in_columns
        self._walked = WalkedPots(plan, given, classes, self._zone) if walked else None
        if self._walked is not None:
            self._walked.begin_period(self._period(span_us[0]))

    def _period(self, at_us: int) -> Period:
        return period_at(self._span_us[0], self.plan.period, at_us, self._zone)

    def draw(self, columns: Rated) -> Drawn:
        """Let some answers of one month draw, from the first day on."""
        found = self._period(int(columns.at_us.min()))
        while self._number < found.number:
            self._number += 1
            self._pots.begin_period(self.first >= 0)
            if self._walked is not None:
                self._walked.begin_period(found)
        whose = columns.customer[columns.starts]
        self.first[whose] = np.where(self.first[whose] < 0, found.number, self.first[whose])
        return self._pots.draw(columns) if self._walked is None else self._walked.draw(columns)

    def fees(self) -> dict[int, Fees]:
        """What it asks in all, by the period in which somebody came onto it; nothing for -1."""
        so_far, found = Fees(), {-1: Fees()}
        for number in range(self._period(self._span_us[1] - 1).number, -1, -1):
            so_far += self._asked_in(period(self._span_us[0], self.plan.period, number, self._zone))
            found[number] = so_far
        return found

    def _asked_in(self, of: Period) -> Fees:
        plan, until_us = self.plan, min(of.end_us, self._span_us[1])
        whole = fee(plan, plan.seats.included if plan.seats else 1)
        fixed = plan.fixed_month.grains * MONTHS[plan.period] if plan.fixed_month else 0
        units = whole.grains // GRAINS_PER_MINOR_UNIT
        supply = split(units, Tax("inclusive", plan.tax_permille)).supply * GRAINS_PER_MINOR_UNIT
        amounts = (whole.grains, net_of(plan, whole).grains - fixed, supply)
        asked, earned, revenue = (earned_by_time(_deferred(plan, of, grains), until_us) for grains in amounts)
        return Fees(1, asked, earned, revenue, MONTHS[plan.period] * (until_us - of.start_us) / of.length_us)


def _deferred(plan: Plan, of: Period, grains: int) -> Schedule:
    """A sum that is earned over a period."""
    return Schedule(
        id="", customer=CustomerId(""), plan=plan.name, account="", revenue_account="", currency=plan.currency,
        grains=grains, from_us=of.start_us, until_us=of.end_us, pot="", pieces=0, recognised_grains=0, attention_us=0,
        accrued_grains=0, accrue_us=0, pot_debits=0,
    )  # fmt: skip
