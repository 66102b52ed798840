"""What kept runs of the simulator look like as JSON: in a list, and whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from solvent.simulation.kept_run import KeptRun, Kind
from solvent.values.instant import iso
from solvent.values.money import Money, plain


class BriefScenarioBody(msgspec.Struct, kw_only=True):
    """One scenario of a run. left: of the time that was replayed. middle: the year's profit that half of the draws do
    not exceed; null where no year was drawn, as loss_permille: of draws, those that lose money."""

    name: str
    left: str
    middle: str | None
    loss_permille: int | None


class BriefBody(msgspec.Struct, kw_only=True):
    """A kept run in a list. by: who ran it, by their id, or whoever used the command line; by_name: what they are
    called. is_named: kept until it is removed; else until newer runs take its place. answers: of the traffic, refused
    ones too. plans: those that were compared. best: the scenario that leaves most."""

    object: Literal["simulation"] = "simulation"
    name: str
    at: str
    kind: Kind
    by: str
    by_name: str | None
    is_named: bool
    command: str
    source: str
    answers: int
    currency: str
    plans: list[str]
    scenarios: list[BriefScenarioBody]
    best: str | None


class RunBody(msgspec.Struct, kw_only=True):
    """A kept run, whole. said: what its report has as JSON: docs/simulation.md says what that is."""

    object: Literal["simulation.run"] = "simulation.run"
    run: BriefBody
    said: Annotated[Any, Meta(description="assumptions, seed, versions, plans and scenarios, as the run found them")]


def brief_body(run: KeptRun, by_name: str | None) -> BriefBody:
    """A kept run as JSON. by_name: what whoever ran it is called, where that is known."""
    brief = run.told
    best = brief.best

    def amount(grains: int) -> str:
        return plain(Money(grains, brief.currency))

    return BriefBody(
        name=run.name, at=iso(run.at_us), kind=run.kind, by=run.actor, by_name=by_name, is_named=not run.is_dated,
        command=run.command, source=brief.source, answers=brief.answers, currency=brief.currency,
        plans=list(brief.plans), best=best.name if best else None,
        scenarios=[
            BriefScenarioBody(
                name=one.name, left=amount(one.left_grains), loss_permille=one.loss_permille,
                middle=None if one.middle_grains is None else amount(one.middle_grains),
            )
            for one in brief.scenarios
        ],
    )  # fmt: skip
