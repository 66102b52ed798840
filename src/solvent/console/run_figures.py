"""What a run's JSON says, as far as pages show it. What is there besides is left out, and what is newer has a default,
so that runs of other versions can be read too.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from solvent.app.plan_entries import PlanEntry
from solvent.simulation.drawn import Bin, Swing
from solvent.simulation.outcome import Change, CustomerLine
from solvent.simulation.scenario import Variation, has_cards
from solvent.values.errors import Conflict, NotFound

_NOT_AS_SOLD: Final = frozenset({"plan", "price", "cost"})  # variations by which figures are of something else


class Span(msgspec.Struct, frozen=True):
    """A number, and between what it may lie."""

    low: float
    usual: float
    high: float

    @property
    def told(self) -> str:
        """As it is written for --assume."""
        return f"{self.usual:.4g}" if self.low == self.high else f"{self.low:.4g} : {self.usual:.4g} : {self.high:.4g}"


class YearSaid(msgspec.Struct, frozen=True):
    """The year to come, as it was drawn."""

    draws: int
    seed: int
    usual_grains: int
    quantiles: tuple[tuple[int, int], ...]
    loss_permille: int
    losing_customers: int
    swings: tuple[Swing, ...] = ()
    bins: tuple[Bin, ...] = ()

    def at(self, permille: int) -> int:
        """The profit that so many draws do not exceed; the nearest that is known."""
        return min(self.quantiles, key=lambda one: abs(one[0] - permille))[1]


class OutcomeSaid(msgspec.Struct, frozen=True):
    """Of an outcome, what is not a customer's."""

    source: str
    currency: str
    from_us: int
    until_us: int
    notes: tuple[str, ...] = ()


class PaysForSaid(msgspec.Struct, frozen=True):
    """Where a plan breaks even."""

    plan: str
    answers_month: Span | None
    price_grains: Span
    beyond: int = 0


class ReactionSaid(msgspec.Struct, frozen=True):
    """What customers did about the plans."""

    customers: int
    up: int
    down: int
    left: int
    less: int
    asked_permille: int


class ScenarioSaid(msgspec.Struct, frozen=True):
    """One scenario of a run. varies: in what else than the plan it is named after it differs from how things were."""

    scenario: str
    total: CustomerLine
    losers: int
    losses: str
    outcome: OutcomeSaid
    against_today: Change | None = None
    pays_for: tuple[PaysForSaid, ...] = ()
    year: YearSaid | None = None
    reaction: ReactionSaid | None = None
    varies: tuple[Variation, ...] = ()

    @property
    def plan(self) -> str:
        """The plan that everybody is on, by name."""
        return next((of.name for of in self.varies if of.what == "plan"), self.scenario)

    @property
    def is_of_plan(self) -> bool:
        """Whether its figures are those of the plan it is named after, at the prices and costs of then."""
        return not any(of.what in _NOT_AS_SOLD for of in self.varies)


class ShareSaid(msgspec.Struct, frozen=True):
    """What was routed elsewhere."""

    model: str
    instead: str
    permille: int


class Said(msgspec.Struct, frozen=True):
    """A run. plans: those of its scenarios. plan_versions: the newest of each that was published by then."""

    command: str
    seed: int
    scenarios: tuple[ScenarioSaid, ...]
    plans: tuple[PlanEntry, ...] = ()
    plan_versions: dict[str, int] = {}
    assumptions: dict[str, Span | None] | None = None
    demand: dict[str, float] | None = None
    shares: tuple[ShareSaid, ...] = ()
    cached_permille: int | None = None
    versions: dict[str, str] = {}

    def candidate(self, name: str) -> PlanEntry:
        """A plan that everybody was put on. Raises NotFound for any other, Conflict for one at other prices."""
        compared = {one.scenario: one for one in self.scenarios}
        found = next((plan for plan in self.plans if plan.name == name and name in compared), None)
        if found is None:
            known = ", ".join(plan.name for plan in self.plans if plan.name in compared)
            message = f"this run compared no plan {name[:60]!r}; it compared {known}"
            raise NotFound("no_such_plan", message, param="plan")
        if not compared[name].is_of_plan:
            message = (
                f"scenario {name[:60]!r} of this run has another plan, or other prices or costs, than would be sold; "
                "run the plan without them, then adopt it"
            )
            raise Conflict("scenario_varies", message, param="plan")
        return found

    @property
    def adoptable(self) -> frozenset[str]:
        """The plans whose figures are theirs, by name."""
        return frozenset(one.scenario for one in self.scenarios if one.is_of_plan)

    @property
    def with_cards(self) -> list[str]:
        """The scenarios that have rate cards of their own."""
        return [one.scenario for one in self.scenarios if has_cards(one.varies)]

    @property
    def best(self) -> ScenarioSaid:
        """What leaves most."""
        return max(self.scenarios, key=lambda one: one.total.margin_grains)

    @property
    def assumed(self) -> dict[str, str]:
        """Everything that was assumed, by name."""
        found = {name: of.told for name, of in (self.assumptions or {}).items() if of is not None}
        return found | {name: f"{number:.4g}" for name, number in (self.demand or {}).items()}


def said_in(document: Any) -> Said:
    """Raises Conflict for a run that an older version kept otherwise than this one reads it."""
    try:
        return msgspec.json.decode(document, type=Said)
    except msgspec.ValidationError as wrong:
        raise unreadable(wrong) from None


def unreadable(wrong: msgspec.ValidationError) -> Conflict:
    """That another version kept a run."""
    message = f"this run was kept by another version, and its figures cannot be read ({wrong}); its report can"
    return Conflict("run_unreadable", message)
