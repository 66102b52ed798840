"""Replay: a trace through a scenario's plans and prices, by the nouns that bill live traffic.

What needs no order is rated and summed in columns; quotas are drawn from in the order of time. An answer is held for
what it came to, where a service holds the most it may come to: so near the end of a quota of tokens or money it may be
answered here where the service would have answered shorter. Everybody's periods begin with the first day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from solvent.billing.plan import Plan
from solvent.simulation.load import Load
from solvent.simulation.mixed import Rated, as_mixed, rated
from solvent.simulation.note import AND, note
from solvent.simulation.on_plan import OnPlan
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.pots import Drawn, starts_of
from solvent.simulation.rated import INPUT_BUCKETS, OUTPUT_BUCKETS, summed
from solvent.simulation.scenario import Scenario, demand_replayable
from solvent.simulation.trace import Block, Trace, Whole
from solvent.simulation.walked import seen_budgets
from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.period import MONTHS, day_number, period_at, start_of_day, zone


def replay(trace: Trace, scenario: Scenario, tell: Callable[[int], None] = lambda answers: None) -> Outcome:
    """What would have come of it. tell: hears how many answers have just been replayed.

    Raises Invalid naming what is missing: a plan, a model, a price at that time.
    """
    return together(trace, scenario, [walked(trace, scenario, tell)])


class Walked(msgspec.Struct, frozen=True):
    """What came of some customers of a trace, in whole numbers, so that sums hang on no order.

    sums: _SUMS columns by customer. first: the number of each one's first period; -1 for whoever is not among them.
    by_hour: answers and written tokens.
    """

    sums: Whole
    first: Whole
    by_hour: dict[int, tuple[int, int]]
    read: int
    written: int


def walked(trace: Trace, scenario: Scenario, tell: Callable[[int], None] = lambda answers: None) -> Walked:
    """Of the trace, or of all answers of some of its customers: see `replay`."""
    demand_replayable(scenario)
    run = _Run(trace, scenario)
    for block in trace.read():
        run.take_in(block)
        tell(block.answers)
    return run.walked()


def together(trace: Trace, scenario: Scenario, parts: Sequence[Walked]) -> Outcome:
    """The outcome of parts that have each customer once."""
    run = _Run(trace, scenario)
    for part in parts:
        run.add(part)
    return run.outcome()


class _Run:
    def __init__(self, trace: Trace, scenario: Scenario) -> None:
        self._trace, self._scenario = trace, scenario
        self._zone = zone(scenario.time_zone)
        self._span_us = span_of(trace, self._zone)
        self._classes = tuple(dict.fromkeys(sold.model_class for sold in scenario.sold.values()))
        self._class_of = np.array([self._classes.index(sold.model_class) for sold in scenario.sold.values()], np.int64)
        names = list(scenario.plans)
        plans = (names.index(scenario.on.get(customer, scenario.plan)) for customer in trace.customers)
        self._plan_of = np.fromiter(plans, np.int64, len(trace.customers))
        self._on = {place: self._begin(scenario.plans[names[place]]) for place in np.unique(self._plan_of).tolist()}
        self._sums = np.zeros((_SUMS, len(trace.customers)), np.int64)
        self._load = Load()
        self._read = self._written = 0

    def _begin(self, plan: Plan) -> OnPlan:
        return OnPlan(plan, self._scenario.time_zone, self._span_us, len(self._trace.customers), self._classes)

    def take_in(self, block: Block) -> None:
        block = as_mixed(block, self._trace.models, self._scenario)
        price, cost = rated(block, self._scenario, self._trace.served)
        demand_sums_fit(price, cost, self._trace)
        written = summed(block.used, OUTPUT_BUCKETS, block.answers)
        tokens = written + summed(block.used, INPUT_BUCKETS, block.answers)
        self._load.take_in(block.at_us, written)
        self._written += int(written.sum())
        self._read += int(tokens.sum() - written.sum())
        for first, last in self._months(block.at_us):
            part = slice(first, last)
            order = np.argsort(block.customer[part], kind="stable") + first
            whose = block.customer[order]
            columns = Rated(
                block.at_us[order], whose, self._class_of[block.model[order]], price[order], tokens[order],
                starts_of(whose),
            )  # fmt: skip
            self._draw(columns, cost[order])

    def _months(self, at_us: Whole) -> Iterator[tuple[int, int]]:
        """Rows of one month each, counted from the first day."""
        first = 0
        while first < len(at_us):
            month = period_at(self._span_us[0], "month", int(at_us[first]), self._zone)
            last = int(np.searchsorted(at_us, month.end_us))
            yield first, last
            first = last

    def _draw(self, columns: Rated, cost: Whole) -> None:
        plan_of = self._plan_of[columns.customer]
        for place, on in self._on.items():
            rows = np.flatnonzero(plan_of == place) if len(self._on) > 1 else np.arange(len(plan_of))
            if len(rows):
                whose = columns.customer[rows]
                mine = Rated(
                    columns.at_us[rows], whose, columns.model_class[rows], columns.price[rows], columns.tokens[rows],
                    starts_of(whose),
                )  # fmt: skip
                self._sum(mine, on.draw(mine), cost[rows])

    def _sum(self, columns: Rated, drawn: Drawn, cost: Whole) -> None:
        paid, starts = drawn.paid, columns.starts
        charge = np.where(paid, columns.price - drawn.included, 0)
        whose = columns.customer[starts]
        for place, column in enumerate(
            (paid, ~paid, np.where(paid, columns.tokens, 0), charge, drawn.on_account, drawn.included,
             np.where(paid, cost, 0))
        ):  # fmt: skip
            self._sums[place, whose] += np.add.reduceat(column.astype(np.int64, copy=False), starts)

    def walked(self) -> Walked:
        first = np.full(len(self._plan_of), -1, np.int64)
        for on in self._on.values():
            first = np.maximum(first, on.first)
        return Walked(self._sums, first, self._load.by_hour, self._read, self._written)

    def add(self, part: Walked) -> None:
        self._sums += part.sums
        for place, on in self._on.items():
            on.first = np.maximum(on.first, np.where(self._plan_of == place, part.first, -1))
        self._load.add(part.by_hour)
        self._read += part.read
        self._written += part.written

    def outcome(self) -> Outcome:
        trace, scenario = self._trace, self._scenario
        fees = {place: on.fees() for place, on in self._on.items()}
        sums = self._sums.T.tolist()
        lines = []
        for number, (customer, place) in enumerate(zip(trace.customers, self._plan_of.tolist(), strict=True)):
            answers, refused, tokens, charge, on_account, included, cost = sums[number]
            on = self._on[place]
            fee = fees[place][int(on.first[number])]
            lines.append(
                CustomerLine(
                    customer, on.plan.name, answers, refused, tokens, fee.periods, fee.fee, fee.earned, charge,
                    on_account, included, cost + trace.failed_grains.get(customer, 0), 0, fee.revenue,
                    MONTHS[on.plan.period], fee.months or 1.0,
                )
            )  # fmt: skip
        notes = (
            *trace.notes,
            *served_notes(trace, scenario),
            *(n for on in self._on.values() for n in _notes(on.plan)),
        )
        hours = self._load.hours(self._zone)
        return Outcome(
            scenario.name, trace.source, scenario.currency, trace.from_us, trace.until_us, tuple(lines), hours, notes,
            self._read, self._written,
        )  # fmt: skip


def span_of(trace: Trace, in_zone: ZoneInfo) -> tuple[int, int]:
    """The time a trace stands for, in whole days."""
    if trace.span_us is not None:
        return trace.span_us
    first, last = day_number(trace.from_us, in_zone), day_number(trace.until_us - 1, in_zone)
    return start_of_day(first, in_zone), start_of_day(last + 1, in_zone)


def demand_sums_fit(price: Whole, cost: Whole, trace: Trace) -> None:
    """Raises Invalid where sums of all answers may be more than the books hold."""
    if max(price.max(initial=0), cost.max(initial=0)) > GRAINS_MAX // max(1, trace.answers):
        raise Invalid("bad_trace", "the sum of all answers might not fit the books; replay a shorter trace")


def served_notes(trace: Trace, scenario: Scenario) -> list[str]:
    """What of how answers were served cannot be rated any more, in words."""
    known = {
        cards[0].name
        for sold in scenario.sold.values()
        for cards in (sold.cost_cards, *sold.other_costs.values())
        if cards
    }
    gone = sorted({how.cost_card for how in trace.served if how.cost_card and how.cost_card not in known})
    return [note("card_gone", card=repr(name)) for name in gone]


_SUMS = 7  # answers, refused, tokens, charge, on account, included, cost


def _notes(plan: Plan) -> list[str]:
    """What of a plan a replay leaves out, in words."""
    notes = []
    if plan.limits.rates:
        notes.append(note("rates", plan=repr(plan.name)))
    unseen = sorted({rule.per for rule in plan.limits.budgets if rule.hard and rule not in seen_budgets(plan)})
    if unseen:
        notes.append(note("budgets", plan=repr(plan.name), per=AND.join(unseen)))
    if plan.at_break_even != "go_on":
        notes.append(note("break_even", plan=repr(plan.name), way=plan.at_break_even))
    if plan.trial is not None:
        notes.append(note("trial", plan=repr(plan.name)))
    if plan.beyond == "wallet":
        notes.append(note("wallet", plan=repr(plan.name)))
    return notes
