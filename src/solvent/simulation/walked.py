"""Answers drawn one by one, in the order of time, by `admit` and `bill_for`: where columns cannot tell who pays.

So it is for hard budgets, and where money is included for some classes of models only. A hundred times slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from solvent.billing.admission import Admitted, Ask, Source, admit
from solvent.billing.bill import bill_for
from solvent.billing.limits import Asker, BudgetRule, budgets_for
from solvent.billing.plan import Plan
from solvent.ledger.pot import is_good
from solvent.pricing.rate_card import RateCard
from solvent.simulation.mixed import Rated
from solvent.simulation.pots import Drawn, Given
from solvent.values.ids import CustomerId, KeyId
from solvent.values.money import Money, picos_per_grain
from solvent.values.period import Period
from solvent.values.usage import Usage

_SEEN: Final = ("customer", "plan")  # for whom a trace can tell what was used


class WalkedPots:
    """What is left in every customer's pots and budgets of one plan. It changes as answers are drawn."""

    def __init__(self, plan: Plan, given: Sequence[Given], classes: Sequence[str], in_zone: ZoneInfo) -> None:
        """classes: the names of model classes, by their places."""
        self._plan, self._given, self._classes, self._zone = plan, given, classes, in_zone
        self._left: dict[int, list[int]] = {}
        self._budgets: dict[str, int] = {}
        self._rules = seen_budgets(plan)
        self._period = Period(0, 0, 0)

    def begin_period(self, period: Period) -> None:
        """The next period: what is left expires, but for what rolls over."""
        self._period = period
        for left in self._left.values():
            left[:] = [one.most + min(spare, one.roll_most) for one, spare in zip(self._given, left, strict=True)]

    def draw(self, rated: Rated) -> Drawn:
        """Let some answers of one period draw, in the order of time."""
        count = len(rated.price)
        drawn = Drawn(np.zeros(count, np.bool_), np.zeros(count, np.int64), np.zeros(count, np.int64))
        for row in np.argsort(rated.at_us, kind="stable").tolist():
            self._draw_one(row, rated, drawn)
        return drawn

    def _draw_one(self, row: int, rated: Rated, drawn: Drawn) -> None:
        customer, due = int(rated.customer[row]), Money(int(rated.price[row]), self._plan.currency)
        used = Usage(input_tokens=int(rated.tokens[row]))
        left = self._left.setdefault(customer, [one.most for one in self._given])
        name = self._classes[rated.model_class[row]]
        good = [n for n, one in enumerate(self._given) if is_good(one.pot, name, one.pot.opens_us)]
        sources = [(self._given[n].pot, left[n], True) for n in good]
        budgets = self._in_force(customer, int(rated.at_us[row]))
        admitted = admit(known_ask(int(rated.tokens[row]), due), sources, budgets, settle_for_less=True)
        if not isinstance(admitted, Admitted):
            return
        bill = bill_for(admitted.draws, due, used)
        for draw, spent in zip(admitted.draws, bill.spent, strict=True):
            if draw.pot.account in self._budgets:
                self._budgets[draw.pot.account] -= spent
            else:
                left[next(n for n in good if self._given[n].pot == draw.pot)] -= spent
        drawn.paid[row], drawn.included[row] = True, bill.included.grains
        drawn.on_account[row] = bill.on_account.grains

    def _in_force(self, customer: int, at_us: int) -> list[Source]:
        if not self._rules:
            return []
        asker = Asker(self._plan.name, CustomerId(f"cus_{customer}"), KeyId(""))
        currency = self._plan.currency
        found = budgets_for(self._rules, asker, (), currency, self._period, at_us, self._zone)
        return [
            (one.pot, self._budgets.setdefault(one.pot.account, one.amount), True) for one in found if one.hard
        ]  # fmt: skip


def seen_budgets(plan: Plan) -> tuple[BudgetRule, ...]:
    """The hard budgets that a trace has what it takes to replay: of customers, and of all on the plan together."""
    return tuple(rule for rule in plan.limits.budgets if rule.hard and rule.per in _SEEN)


def known_ask(tokens: int, due: Money) -> Ask:
    """A question that is known to come to just so much: its card says its price as that of an answer."""
    card = RateCard("replayed", due.currency, 0, "", answer_picos=due.grains * picos_per_grain(due.currency))
    return Ask(tokens - 1, 1, card)
