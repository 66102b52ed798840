"""What `solvent simulate` found: a line a scenario, with the customers named who matter most, and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from solvent.billing.plan import Plan
from solvent.simulation.assumption import Assumptions
from solvent.simulation.demand_assumption import Demand
from solvent.simulation.fleet import FleetNeeded
from solvent.simulation.kept_run import Brief, BriefScenario
from solvent.simulation.outcome import Change, CustomerLine, Outcome, change, losers, total
from solvent.simulation.pays_for import PaysFor
from solvent.simulation.reaction import Reaction
from solvent.simulation.scenario import Share, Variation, has_cards
from solvent.simulation.year import Year
from solvent.values.money import plain

NAMED: Final = 10  # customers of each end


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario. losses: what the customers who cost more than they bring in cost beyond it, in whole units.

    worst: of them, those who lose most; best: of all others, those who leave most. others: whoever is neither, summed,
    `others_count` of them; these three sum to `total`. against_today: how invoices differ from those of the plans
    customers are on; None where that is not known. pays_for: where plans with a price break even. year, fleet,
    reaction: where they were asked for. varies: in what else than the plan it is named after it differs from how things
    are.
    """

    scenario: str
    total: CustomerLine
    losers: int
    losses: str
    worst: list[CustomerLine]
    best: list[CustomerLine]
    others: CustomerLine
    others_count: int
    against_today: Change | None
    outcome: Outcome
    pays_for: list[PaysFor]
    year: Year | None = None
    fleet: FleetNeeded | None = None
    reaction: Reaction | None = None
    varies: tuple[Variation, ...] = ()

    @property
    def brief(self) -> BriefScenario:
        """What a list says of it."""
        left = self.total.margin_grains
        if self.year is None:
            return BriefScenario(self.scenario, left)
        return BriefScenario(self.scenario, left, dict(self.year.quantiles)[500], self.year.loss_permille)


class Run(msgspec.Struct, frozen=True):
    """All scenarios of one command, and what it took as given. assumptions, demand: where a year was drawn, and where
    customers reacted. plans: those of the scenarios, by name."""

    found: list[Simulated]
    plans: Mapping[str, Plan]
    seed: int
    shares: tuple[Share, ...]
    cached_permille: int | None
    assumptions: Assumptions | None
    demand: Demand | None
    versions: Mapping[str, int] = {}

    @property
    def with_cards(self) -> list[str]:
        """The scenarios that have rate cards of their own."""
        return [one.scenario for one in self.found if has_cards(one.varies)]

    @property
    def brief(self) -> Brief:
        """What a list says of it."""
        first = self.found[0]
        return Brief(
            first.outcome.currency, first.outcome.source, first.total.answers + first.total.refused,
            tuple(one.scenario for one in self.found if one.scenario in self.plans),
            tuple(one.brief for one in self.found),
        )  # fmt: skip


def simulated(
    outcome: Outcome, today: Outcome | None, evens: list[PaysFor], drawn: Year | None, fleet: FleetNeeded | None,
    reaction: Reaction | None, varies: tuple[Variation, ...] = (),
) -> Simulated:  # fmt: skip
    """today: the outcome with everybody on the plan they are on, where that is known."""
    lost = losers(outcome)
    kept = sorted((line for line in outcome.lines if line.margin_grains >= 0), key=lambda line: -line.margin_grains)
    others = lost[NAMED:] + kept[NAMED:]
    return Simulated(
        scenario=outcome.scenario, total=outcome.total, losers=len(lost),
        losses=plain(outcome.money(-sum(line.margin_grains for line in lost))), worst=lost[:NAMED], best=kept[:NAMED],
        others=total(others), others_count=len(others),
        against_today=None if today is None or today is outcome else change(today, outcome),
        outcome=msgspec.structs.replace(outcome, lines=()), pays_for=evens, year=drawn, fleet=fleet, reaction=reaction,
        varies=varies,
    )  # fmt: skip
