"""Reaction: the customers of a trace stay, move up or down, leave, or ask less; then the billing code replays the rest.

What each does is `demand`'s, for plans as customers see them. The trace is thinned accordingly: which of somebody's
answers are not asked hangs on when they were alone, so that a dearer plan only ever leaves out more of the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from solvent.billing.included import is_unlimited
from solvent.billing.plan import Plan
from solvent.simulation.demand import ENDLESS, Floats, Luck, Market, Tariff, choose, people, use
from solvent.simulation.demand_assumption import Demand
from solvent.simulation.mixed import drawn_from
from solvent.simulation.outcome import Outcome
from solvent.simulation.scenario import WHOLE_PERMILLE, Scenario
from solvent.simulation.trace import Block, Trace, Whole
from solvent.values.money import grains_per_unit
from solvent.values.period import MONTHS

_MONTH_US: Final = 30.4375 * 86_400 * 10**6
_SALT: Final = 0x5851F42D4C957F2D  # other answers are left out than are routed elsewhere


class Reaction(msgspec.Struct, frozen=True):
    """How the customers of a trace react. up, down: to a plan with a higher fee, a lower one; known only where the
    plans they are on are. left: they ask nothing any more. less: they stay or move, and ask less.

    asked_permille: what is asked then, of what is asked now. surplus_grains: what a month is worth to those who stay
    beyond what they pay for it.
    """

    customers: int
    up: int
    down: int
    left: int
    less: int
    asked_permille: int
    surplus_grains: int


class Reacted(msgspec.Struct, frozen=True):
    """What is replayed after a reaction: the thinned trace, and the scenario with everybody on what they chose."""

    trace: Trace
    scenario: Scenario
    reaction: Reaction


def tariff_of(plan: Plan, asked: Outcome) -> Tariff:
    """A plan as customers see it, by the month, in units and answers as long as those of an outcome are on average.

    All its quotas count together, for all classes of models.
    """
    count = max(1, sum(line.answers + line.refused for line in asked.lines))
    answered = max(1, asked.total.answers)
    price = (asked.total.charge_grains + asked.total.included_grains) / answered
    tokens = max(1.0, (asked.read + asked.written) / count)
    allowance = 0.0
    for one in plan.included:
        each = {"answers": 1.0, "tokens": tokens, "money": price}[one.unit]
        allowance += ENDLESS if is_unlimited(one) or not each else one.amount / each / MONTHS[plan.period]
    unit = grains_per_unit(plan.currency)
    fee = plan.price.grains / unit / MONTHS[plan.period]
    if plan.beyond == "stop":
        return Tariff(fee, allowance)
    return Tariff(fee, allowance, price / unit) if price else Tariff(fee)


def react(
    trace: Trace, scenario: Scenario, asked: Outcome, today: Outcome | None, menu: Sequence[str], demand: Demand,
    seed: int,
) -> Reacted:  # fmt: skip
    """menu: the plans of the scenario that are offered. asked: what comes of the trace while nobody reacts; the
    customers ask in it what they ask where an answer costs nothing. today: what they pay now, where that is known."""
    market, drawn = _market(trace, asked, today), _luck(len(trace.customers), seed)
    of = people(drawn, demand, market)
    tariffs = tuple(tariff_of(scenario.plans[name], asked) for name in menu)
    now = {line.customer: line.plan for line in today.lines} if today is not None else {}
    on = np.array([menu.index(now[name]) if now.get(name) in menu else -1 for name in trace.customers], np.int64)
    taken, used = choose(of, tariffs, on, demand)
    gain = _gains(of, tariffs, taken, demand)
    keeps = np.where(taken >= 0, np.ceil(WHOLE_PERMILLE * used / of.sated), 0).astype(np.int64)
    for place, tariff in enumerate(tariffs):  # whoever is stopped asks all the same, and is refused by the plan itself
        if tariff.price == ENDLESS:
            keeps[taken == place] = WHOLE_PERMILLE
    chosen = {name: menu[place] for name, place in zip(trace.customers, taken.tolist(), strict=True) if place >= 0}
    moved = [_fee(scenario, chosen.get(name)) - _fee(scenario, now.get(name)) for name in chosen if name in now]
    less = (taken >= 0) & (used < of.sated * (1 - 1 / WHOLE_PERMILLE))
    surplus = float(gain[taken >= 0].sum()) * grains_per_unit(scenario.currency)
    reaction = Reaction(
        len(trace.customers), sum(fee > 0 for fee in moved), sum(fee < 0 for fee in moved),
        int((taken < 0).sum()), int(less.sum()), round(WHOLE_PERMILLE * float(used.sum() / of.sated.sum())),
        round(surplus),
    )  # fmt: skip
    thin = msgspec.structs.replace(trace, read=lambda: _thinned(trace, keeps))
    return Reacted(thin, msgspec.structs.replace(scenario, on=chosen, plan=menu[0]), reaction)


def _market(trace: Trace, asked: Outcome, today: Outcome | None) -> Market:
    """What each asks a month, and what each pays; in the order of the trace's customers."""
    months = (trace.until_us - trace.from_us) / _MONTH_US
    sated = np.array([max(1, line.answers + line.refused) / months for line in asked.lines])
    unit = grains_per_unit(asked.currency)
    paid = np.zeros(len(sated))
    if today is not None:
        each = {
            line.customer: (line.fee_grains / line.months + line.charge_grains / months) / unit for line in today.lines
        }
        paid = np.array([each.get(name, 0.0) for name in trace.customers])
    return Market(sated, paid)


def _luck(customers: int, seed: int) -> Luck:
    """Each customer once, in their order; the same luck for every plan."""
    chance = np.random.default_rng(seed)
    return Luck(seed, np.zeros(0), chance.standard_normal(customers), np.arange(customers))


def _gains(of: Any, tariffs: tuple[Tariff, ...], taken: Whole, demand: Demand) -> Floats:
    gains = np.zeros(len(taken))
    for place, tariff in enumerate(tariffs):
        found = use(of, tariff.allowance, tariff.price, demand.metering)
        gains = np.where(taken == place, found.gain - tariff.fee, gains)
    return gains


def _fee(scenario: Scenario, name: str | None) -> float:
    if name is None:
        return 0.0
    plan = scenario.plans[name]
    return plan.price.grains / MONTHS[plan.period]


def _thinned(trace: Trace, keeps: Whole) -> Iterator[Block]:
    """Of each customer's answers, so many thousandths; the first of whoever stays, for by it they are on a plan."""
    is_new = keeps > 0
    for block in trace.read():
        kept = drawn_from(block, _SALT) < keeps[block.customer]
        whose, first = np.unique(block.customer, return_index=True)
        kept[first[is_new[whose]]] = True
        is_new[whose] = False
        rows = np.flatnonzero(kept)
        if len(rows):
            yield block.rows(rows)
