"""The pots of one plan, drawn from by the answers of many customers at once, and in the order of time where it matters.

What a period gives is the billing room's own `period_quotas`, in its drawing order. A pot that counts pays for an
answer whole, pots of money pay together: as `admission.admit` and `bill.bill_for` do one by one, which tests compare.
Whoever asks beyond what is left of every pot is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from solvent.billing.admission import COUNTED
from solvent.billing.plan import Plan
from solvent.billing.quota import Quota, period_quotas, pot_of
from solvent.billing.subscription import Subscription, SubscriptionId, begun, waiting
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot, drawing_order, is_good
from solvent.ledger.unit import ANSWERS
from solvent.simulation.mixed import Rated
from solvent.simulation.trace import Flags, Whole
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US

_SOMEBODY: Final = CustomerId("cus_simulated")
_MORE_THAN_ANY: Final = 2**63 - 1
WALLET_WITHOUT_END: Final = 2**61  # it is topped up whenever it is empty


class Drawn(msgspec.Struct, frozen=True):
    """What came of each answer. paid: whether anything paid for it. included, on_account: the grains that plans
    covered, and those yet to be invoiced; the rest of its price came from the wallet.
    """

    paid: Flags
    included: Whole
    on_account: Whole


class Given(msgspec.Struct, frozen=True):
    """A pot that each customer of a plan has. most: what a period puts in. roll_most: of that into the next."""

    pot: Pot
    most: int
    roll_most: int


def given_by(plan: Plan, time_zone: str, at_us: int) -> tuple[Given, ...]:
    """The pots a period of the plan gives, in drawing order; a wallet without end where the plan goes on with it."""
    subscription = _subscribed(plan, time_zone, at_us)
    quotas = [quota for quota in period_quotas(subscription, plan) if quota.issued]
    found = [_given(quota) for quota in quotas]
    if plan.beyond == "wallet":
        pot = Pot(wallet(_SOMEBODY), plan.currency, _SOMEBODY, "wallet", "", 0, NEVER_US)
        found.append(Given(pot, WALLET_WITHOUT_END, 0))
    return tuple(sorted(found, key=lambda given: drawing_order(given.pot)))


def _given(quota: Quota) -> Given:
    return Given(pot_of(quota, NEVER_US), quota.issued, quota.roll_most)


def _subscribed(plan: Plan, time_zone: str, at_us: int) -> Subscription:
    seats = plan.seats.included if plan.seats else 1
    asked = waiting(SubscriptionId("sub_simulated"), _SOMEBODY, plan, seats, None, "card", time_zone, at_us)
    return begun(asked, plan, at_us, with_trial=False)


class Pots:
    """What is left in every customer's pots of one plan. It changes as answers are drawn."""

    def __init__(self, given: Sequence[Given], customers: int, classes: Sequence[str]) -> None:
        """classes: the names of model classes, by their places."""
        self._given = given
        self._left = [np.full(customers, one.most, np.int64) for one in given]
        self._fits = [np.array([is_good(one.pot, name, one.pot.opens_us) for name in classes]) for one in given]

    @property
    def in_columns(self) -> bool:
        """Whether its pots can be drawn from in columns: money for some classes only must be drawn one by one."""
        return all(one.pot.unit in COUNTED or not one.pot.classes for one in self._given)

    def begin_period(self, begun: Flags) -> None:
        """The next period: what is left expires, but for what rolls over. begun: who has been on the plan before."""
        for one, left in zip(self._given, self._left, strict=True):
            rolled = np.where(begun, np.minimum(left, one.roll_most), 0)
            left[:] = one.most + rolled

    def draw(self, rated: Rated) -> Drawn:
        """Let some answers of one period draw, each from the first pot that affords it."""
        count = len(rated.price)
        drawn = Drawn(np.zeros(count, np.bool_), np.zeros(count, np.int64), np.zeros(count, np.int64))
        money = [n for n, one in enumerate(self._given) if one.pot.unit not in COUNTED]
        for n, one in enumerate(self._given):
            rows = np.flatnonzero(~drawn.paid)
            if not len(rows):
                break
            if one.pot.unit in COUNTED:
                self._draw_counted(n, rows[self._fits[n][rated.model_class[rows]]], rated, drawn)
            elif n == money[0]:
                self._draw_money(money, rows, rated, drawn)
        return drawn

    def _draw_counted(self, n: int, rows: Whole, rated: Rated, drawn: Drawn) -> None:
        if not len(rows):
            return
        one_each = self._given[n].pot.unit == ANSWERS
        amounts = np.ones(len(rows), np.int64) if one_each else rated.tokens[rows]
        customer = rated.customer[rows]
        starts = starts_of(customer)
        left = self._left[n][customer[starts]]
        fit = fitting(amounts, left, starts)
        drawn.paid[rows[fit]] = True
        drawn.included[rows[fit]] = rated.price[rows[fit]]
        self._left[n][customer[starts]] -= np.add.reduceat(np.where(fit, amounts, 0), starts)

    def _draw_money(self, money: Sequence[int], rows: Whole, rated: Rated, drawn: Drawn) -> None:
        customer, price = rated.customer[rows], rated.price[rows]
        starts = starts_of(customer)
        whose = customer[starts]
        left = [np.minimum(self._left[n][whose], WALLET_WITHOUT_END) for n in money]
        together = np.minimum(sum(np.minimum(one, WALLET_WITHOUT_END // 2) for one in left), WALLET_WITHOUT_END)
        fit = fitting(price, together, starts)
        drawn.paid[rows[fit]] = True
        taken = np.where(fit, price, 0)
        until = within(taken, starts)
        since, base = until - taken, np.zeros(len(rows), np.int64)
        lengths = np.diff(np.append(starts, len(rows)))
        for n, has in zip(money, left, strict=True):
            top = np.minimum(base + np.repeat(has, lengths), WALLET_WITHOUT_END)
            part = np.clip(until, base, top) - np.clip(since, base, top)
            kind = self._given[n].pot.kind
            if kind == "allowance":
                drawn.included[rows] += part
            elif kind == "overage":
                drawn.on_account[rows] += part
            if self._given[n].most != WALLET_WITHOUT_END:
                self._left[n][whose] -= np.add.reduceat(part, starts)
            base = top


def starts_of(sorted_names: Whole) -> Whole:
    """Where each run of one number begins."""
    changes = np.flatnonzero(np.diff(sorted_names)) + 1
    return np.concatenate((np.zeros(1, np.int64), changes)) if len(sorted_names) else np.zeros(0, np.int64)


def within(amounts: Whole, starts: Whole) -> Whole:
    """The running sum of each run, each from nothing."""
    sums = np.cumsum(amounts)
    before = np.where(starts > 0, sums[starts - 1], 0)
    return np.asarray(sums - np.repeat(before, np.diff(np.append(starts, len(amounts)))))


def fitting(amounts: Whole, left: Whole, starts: Whole) -> Flags:
    """Which of each run's amounts fit into what is left, each if it fits whole, one after the other."""
    ends = np.append(starts[1:], len(amounts))
    over = within(amounts, starts) > np.repeat(left, ends - starts)
    fit: Flags = within(over.astype(np.int64), starts) == 0  # all before the first that does not fit
    if not over.any():
        return fit
    spare = left - np.add.reduceat(np.where(fit, amounts, 0), starts)
    least = np.minimum.reduceat(np.where(fit, _MORE_THAN_ANY, amounts), starts)
    for run in np.flatnonzero(least <= spare).tolist():  # something smaller may fit yet
        first = int(starts[run]) + int(fit[starts[run] : ends[run]].sum())
        rest = int(spare[run])
        for place, amount in enumerate(amounts[first : ends[run]].tolist(), first):
            if amount <= rest:
                fit[place] = True
                rest -= amount
    return fit
