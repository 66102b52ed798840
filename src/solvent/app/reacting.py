"""Scenarios replayed once more with customers who react: each plan alone, then all of them to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from solvent.app.config import Config
from solvent.app.routes import read_exchanges
from solvent.pricing.exchange import exchange_at
from solvent.simulation.demand_assumption import Demand
from solvent.simulation.outcome import Outcome
from solvent.simulation.reaction import Reaction, react
from solvent.simulation.scenario import Scenario
from solvent.simulation.spread import Spread
from solvent.simulation.trace import Trace
from solvent.values.instant import NEVER_US

CHOICE: Final = "their choice"


def reacting(
    trace: Trace, asked: Sequence[tuple[Scenario, Outcome]], today: Outcome | None, demand: Demand, seed: int,
    spread: Spread, tell: Callable[[int], None],
) -> list[tuple[Outcome, Reaction]]:  # fmt: skip
    """asked: scenarios of one plan each, and what comes of them while nobody reacts."""
    found = []
    for scenario, outcome in asked:
        alone = tuple(dict.fromkeys(scenario.on.values())) or (scenario.plan,)
        found.append(_one(trace, scenario, outcome, today, alone, demand, seed, spread, tell))
    if len(asked) > 1 and _differ_by_plan_alone([scenario for scenario, _ in asked]):
        scenario, outcome = asked[0]
        named = msgspec.structs.replace(scenario, name=CHOICE)
        menu = tuple(of.plan for of, _ in asked)
        found.append(_one(trace, named, outcome, today, menu, demand, seed, spread, tell))
    return found


def _differ_by_plan_alone(scenarios: Sequence[Scenario]) -> bool:
    """Nobody chooses between plans at prices of which only some are."""
    first = scenarios[0]
    return all(
        not one.on and msgspec.structs.replace(one, name=first.name, plan=first.plan) == first for one in scenarios
    )


def _one(
    trace: Trace, scenario: Scenario, asked: Outcome, today: Outcome | None, menu: tuple[str, ...], demand: Demand,
    seed: int, spread: Spread, tell: Callable[[int], None],
) -> tuple[Outcome, Reaction]:  # fmt: skip
    made = react(trace, scenario, asked, today, menu, demand, seed)
    return spread.replay(made.trace, made.scenario, tell), made.reaction


def dollar_rate(config: Config) -> float | None:
    """Units of the currency for a dollar; None where no rate is known."""
    if config.currency == "USD":
        return 1.0
    rate = exchange_at(read_exchanges(config), "USD", config.currency, NEVER_US)
    return None if rate is None else rate.numerator / rate.denominator
