"""A trace of the books replayed as everything stands on them: the answers are rated and drawn anew, by the nouns that
bill live traffic, from the very pots that customers had. So it comes to what the ledger booked.

Where the answers in a trace were given, something paid for them: where the pots have less left than that, the wallet
pays, or the house where the plan stops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from solvent.billing.admission import Admitted, Source, admit
from solvent.billing.bill import bill_for
from solvent.billing.quota import is_of_pack
from solvent.billing.recognition import earned_by_use
from solvent.billing.standing import kinds_beyond
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot, is_good
from solvent.simulation.issued import Issued, PackSold, asked_for
from solvent.simulation.load import Load
from solvent.simulation.mixed import as_mixed, rated
from solvent.simulation.note import note
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.pots import WALLET_WITHOUT_END
from solvent.simulation.rated import INPUT_BUCKETS, OUTPUT_BUCKETS, summed
from solvent.simulation.replay import demand_sums_fit, served_notes
from solvent.simulation.scenario import Scenario, demand_replayable
from solvent.simulation.trace import Block, Trace
from solvent.simulation.walked import known_ask
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money, plain
from solvent.values.period import zone
from solvent.values.usage import Usage

_SUMS: Final = 7  # answers, tokens, charge, granted, on account, included, cost


def as_booked(
    trace: Trace, scenario: Scenario, issued: Issued, tell: Callable[[int], None] = lambda answers: None
) -> Outcome:
    """Everybody on what they are on. Of the scenario, plans are not looked at. tell: as of `replay`.

    Whoever asks nothing and pays for a plan has a line too. Raises Invalid naming what is missing.
    """
    demand_replayable(scenario)
    run = _Run(trace, scenario, issued)
    for block in trace.read():
        run.take_in(block)
        tell(block.answers)
    return run.outcome()


class _Run:
    def __init__(self, trace: Trace, scenario: Scenario, issued: Issued) -> None:
        self._trace, self._scenario, self._issued = trace, scenario, issued
        self._classes = [sold.model_class for sold in scenario.sold.values()]
        self._sums = np.zeros((_SUMS, len(trace.customers)), np.int64)
        self._has_pots = np.array([name in issued.pots for name in trace.customers], np.bool_)
        self._left: dict[tuple[str, str], int] = {}
        self._moved: dict[tuple[str, str], int] = {}
        self._spent: dict[tuple[str, str], int] = {}
        self._load = Load()
        self._read = self._written = self._borne = 0

    def take_in(self, block: Block) -> None:
        block = as_mixed(block, self._trace.models, self._scenario)
        price, cost = rated(block, self._scenario, self._trace.served)
        demand_sums_fit(price, cost, self._trace)
        if block.beside:  # what the house bore nobody pays
            borne = np.minimum(block.beside["borne_grains"], price)
            price, self._borne = price - borne, self._borne + int(borne.sum())
        written = summed(block.used, OUTPUT_BUCKETS, block.answers)
        read = summed(block.used, INPUT_BUCKETS, block.answers)
        self._load.take_in(block.at_us, written)
        self._read, self._written = self._read + int(read.sum()), self._written + int(written.sum())
        tokens, whose = read + written, block.customer
        drawn = self._has_pots[whose]
        for place, column in enumerate((np.ones_like(price), tokens, np.where(drawn, 0, price))):
            np.add.at(self._sums[place], whose, column)
        np.add.at(self._sums[6], whose, cost)
        for row in np.flatnonzero(drawn).tolist():
            self._draw(block, row, int(price[row]), int(tokens[row]))

    def _draw(self, block: Block, row: int, price: int, tokens: int) -> None:
        """One answer draws from the pots that its customer had when it was asked."""
        place, at_us = int(block.customer[row]), int(block.at_us[row])
        name = self._trace.customers[place]
        served = self._trace.served[max(int(block.beside["served"][row]), -1 - int(block.beside["served"][row]))]
        plan = self._issued.plans.get(served.plan)
        kinds = kinds_beyond(plan)
        model_class, due = self._classes[int(block.model[row])], Money(price, self._scenario.currency)
        sources: list[Source] = [
            (pot, self._spare(pot, at_us), True)
            for pot in self._issued.pots[name]
            if is_good(pot, model_class, at_us) and (pot.kind in kinds or is_of_pack(pot))
        ]
        last = Pot(wallet(CustomerId(name)), due.currency, CustomerId(name), "wallet", "", 0, NEVER_US)
        sources.append((last, WALLET_WITHOUT_END, True))
        used = Usage(input_tokens=tokens) if served.is_due else None
        admitted = admit(known_ask(tokens, due), sources, settle_for_less=True)
        assert isinstance(admitted, Admitted), "a wallet without end pays for anything"
        bill = bill_for(admitted.draws, due, used)
        by_last = 0
        for draw, spent in zip(admitted.draws, bill.spent, strict=True):
            if draw.pot is last:
                by_last = spent
            else:
                key = (draw.pot.account, draw.pot.unit)
                self._left[key] -= spent
                self._spent[key] = self._spent.get(key, 0) + spent
        borne = by_last if "wallet" not in kinds else 0
        self._borne += borne
        amounts = (bill.charge.grains - borne, bill.granted.grains, bill.on_account.grains, bill.included.grains)
        self._sums[2:6, place] += amounts

    def _spare(self, pot: Pot, at_us: int) -> int:
        """What is left in a pot, with what came into it until then."""
        key = (pot.account, pot.unit)
        moves, seen = self._issued.moves.get(key, ()), self._moved.get(key, 0)
        left = self._left.get(key, 0)
        while seen < len(moves) and moves[seen][0] <= at_us:
            left += moves[seen][1]
            seen += 1
        self._left[key], self._moved[key] = left, seen
        return max(0, left)

    def outcome(self) -> Outcome:
        trace, scenario, issued = self._trace, self._scenario, self._issued
        revenue = dict(issued.earned)
        for pack in issued.packs:
            key = (pack.schedule.customer, pack.schedule.plan)
            revenue[key] = revenue.get(key, 0) + self._earned(pack)
        by_customer: dict[str, list[tuple[str, int]]] = {}
        for (customer, plan), grains in revenue.items():
            by_customer.setdefault(customer, []).append((plan, grains))
        lines = [
            self._line(customer, sums, by_customer.pop(customer, []))
            for customer, sums in zip(trace.customers, self._sums.T.tolist(), strict=True)
        ]
        lines += [self._line(customer, [0] * _SUMS, earned) for customer, earned in sorted(by_customer.items())]
        notes = (*trace.notes, *served_notes(trace, scenario), *self._notes())
        return Outcome(
            scenario.name, trace.source, scenario.currency, trace.from_us, trace.until_us, tuple(lines),
            self._load.hours(zone(scenario.time_zone)), notes, self._read, self._written,
            self._borne,
        )  # fmt: skip

    def _earned(self, pack: PackSold) -> int:
        """What of a pack's price is earned by what was drawn from it, or because it ended, in the time."""
        schedule = pack.schedule
        spent = sum(grains for (account, _), grains in self._spent.items() if account == schedule.pot)
        after = earned_by_use(schedule, pack.used + spent, self._issued.until_us)
        return after.total - earned_by_use(schedule, pack.used, self._issued.from_us).total

    def _line(self, customer: str, sums: list[int], earned: list[tuple[str, int]]) -> CustomerLine:
        answers, tokens, charge, granted, on_account, included, cost = sums
        issued = self._issued
        name = issued.plan_of(customer) or next((plan for plan, _ in earned), "")
        each = [(grains, *asked_for(grains, issued.plans.get(plan))) for plan, grains in earned]
        revenue, asked, kept = (sum(column) for column in zip(*each, strict=True)) if each else (0, 0, 0)
        months = issued.on[customer].months if customer in issued.on else 0.0
        plan = issued.plans.get(name)
        fixed = round(plan.fixed_month.grains * months) if plan is not None and plan.fixed_month else 0
        cost += self._trace.failed_grains.get(customer, 0)
        return CustomerLine(
            customer, name, answers, 0, tokens, -int(-months // 1), asked, revenue - kept - fixed, charge, on_account,
            included, cost, granted, revenue, months=months or 1.0,
        )  # fmt: skip

    def _notes(self) -> list[str]:
        """What of what customers are on is not replayed, in words."""
        there = {on.plan for on in self._issued.on.values()}
        borne = f"{plain(Money(self._borne, self._scenario.currency))} {self._scenario.currency}"
        return ([note("borne", amount=borne)] if self._borne else []) + [
            note("break_even", plan=repr(name), way=plan.at_break_even)
            for name, plan in sorted(self._issued.plans.items())
            if name in there and plan.at_break_even != "go_on"
        ]
