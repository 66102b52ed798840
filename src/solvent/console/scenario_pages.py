"""The pages of scenarios: runs of the simulator that are kept, one with its pictures, and some side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import yaml
from starlette.responses import Response

from solvent.app.build import App
from solvent.app.plan_entries import PlanEntry
from solvent.app.written_plan import short_entry
from solvent.console import asked_pages, plans, simulations
from solvent.console.asked_pages import HOME
from solvent.console.clerk import Clerk, query_of
from solvent.console.compared_runs import chosen, figures, given, value_told
from solvent.console.other_figures import other_said_in
from solvent.console.run_bodies import RunBody
from solvent.console.run_figures import ScenarioSaid, said_in
from solvent.console.sheet import Sheet
from solvent.pages import formats
from solvent.pages.bars import AIR, from_zero, ranges, spread
from solvent.pages.estimates import number
from solvent.pages.formats import decimals_for
from solvent.pages.headers import standing_alone
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.simulation.demand_assumption import KNOWN
from solvent.values.errors import Conflict, Invalid
from solvent.values.limits import RUNS_COMPARED_MAX, RUNS_COMPARED_MIN
from solvent.values.money import Money, minor_digits, money, plain

SHOWN: Final = (50, 250, 500, 750, 950)  # permille of draws


async def all_runs(clerk: Clerk) -> Mapping[str, Any]:
    """The runs that are kept, newest first."""
    return {
        "page": await clerk.ask(simulations.LIST, query_of(clerk.visit.query, simulations.LIST)),
        "asked": await asked_pages.newest(clerk), "progress": partial(asked_pages.progress, clerk.visit),
    }  # fmt: skip


async def one_run(clerk: Clerk) -> Mapping[str, Any]:
    """One run with its figures and pictures; of one that another version kept, what can be read."""
    found = await clerk.ask(simulations.SHOW, run=clerk.visit.path["run"])
    try:
        if found.run.kind != "simulate":
            return other_run(clerk, found)
        said = said_in(found.said)
    except Conflict:
        return {"run": found.run, "said": None, "other": None}
    currency = found.run.currency
    years = [one for one in said.scenarios if one.year is not None]
    return {
        "run": found.run, "said": said, "other": None, "years": draws(years, currency), "shown": SHOWN,
        "ends": axis(years), "bars": from_zero([one.total.margin_grains for one in said.scenarios]),
        "swings": [(one, ranges(one.year.swings, one.year.usual_grains)) for one in years if one.year],
        "decimals": decimals(said.scenarios, currency), "grains": lambda amount: Money(int(amount), currency),
        "sources": {known.name: known.source for known in KNOWN},
        "written": [(plan, written(plan)) for plan in said.plans],
    }  # fmt: skip


def other_run(clerk: Clerk, found: RunBody) -> Mapping[str, Any]:
    """One that is no replay: a search for tariffs, or a sizing. Raises Conflict where it cannot be read."""
    currency, language = found.run.currency, clerk.visit.visitor.language
    return {
        "run": found.run, "said": None, "other": other_said_in(found.said), "figure": number,
        "grains": lambda amount: Money(int(amount), currency),
        "worth": lambda text: formats.money(money(text, currency), language),
    }  # fmt: skip


async def to_adopt(clerk: Clerk) -> Mapping[str, Any]:
    """What putting a plan of a run on sale comes to: what changes, for whom, and whether it earns."""
    name = clerk.visit.path["plan"]
    found = await clerk.ask(simulations.SHOW, run=clerk.visit.path["run"])
    said = said_in(found.said)
    entry = said.candidate(name)
    seen = await clerk.carry_out(plans.PREVIEW, without_none(msgspec.to_builtins(entry)))
    versions = (await clerk.ask(plans.SHOW, plan=name)).data if seen.current_version else []
    scenario = next(one for one in said.scenarios if one.scenario == name)
    before = versions[0].terms if versions else PlanEntry(name)
    currency = found.run.currency
    return {
        "run": found.run, "plan": entry, "seen": seen, "versions": versions, "scenario": scenario,
        "changed": scenario.against_today, "differences": differences(before, entry),
        "is_older": seen.is_new_version and said.plan_versions.get(name, 0) != seen.current_version,
        "ran_on": said.plan_versions.get(name, 0), "grains": lambda amount: Money(int(amount), currency),
    }  # fmt: skip


async def adopted(clerk: Clerk) -> dict[str, Any]:
    """What the form says: of the plan that the page is of."""
    return {"plan": clerk.visit.path["plan"], "at_a_loss": clerk.visit.form.get("at_a_loss") == "true"}


def differences(before: PlanEntry, after: PlanEntry) -> list[tuple[str, str, str]]:
    """What is not the same in two plans: the field, and what it says in either; "" where it is as it would be."""
    old, new = short_entry(before), short_entry(after)
    rows = ((name, value_told(old.get(name, "")), value_told(new.get(name, ""))) for name in {**old, **new})
    return [row for row in rows if row[1] != row[2]]


def without_none(terms: dict[str, Any]) -> dict[str, Any]:
    """A plan's terms as a form sends them."""
    return {name: value for name, value in terms.items() if value is not None}


async def side_by_side(clerk: Clerk) -> Mapping[str, Any]:
    """Two to four of them. Of each the scenario that leaves most, or the one that is named behind a slash."""
    asked = clerk.visit.request.query_params.getlist("run")
    if not RUNS_COMPARED_MIN <= len(asked) <= RUNS_COMPARED_MAX:
        message = f"choose {RUNS_COMPARED_MIN} to {RUNS_COMPARED_MAX} runs to compare; {len(asked)} are chosen"
        raise Invalid("choose_runs", message, param="run")
    columns = []
    for text in dict.fromkeys(asked):
        name, _, scenario = text.partition("/")
        found = await clerk.ask(simulations.SHOW, run=name)
        columns.append(chosen(found.run, said_in(found.said), scenario))
    currencies = {column.run.currency for column in columns}
    pictures = draws([column.one for column in columns], *currencies) if len(currencies) == 1 else []
    return {
        "columns": columns, "figures": figures(columns, clerk.visit), "given": given(columns, clerk.visit),
        "pictures": dict(zip([column.key for column in columns if column.one.year], pictures, strict=False)),
        "ends": axis([column.one for column in columns]),
    }  # fmt: skip


def draws(years: Sequence[ScenarioSaid], currency: str) -> list[tuple[ScenarioSaid, Any]]:
    """Scenarios with their years as bars, all on one axis."""
    ends = axis(years)
    if ends is None:
        return []
    most = max(one.draws for of in years if of.year for one in of.year.bins) * AIR
    return [
        (of, spread(of.year.bins, ends, most, lambda grains: plain(Money(grains, currency))))
        for of in years if of.year
    ]  # fmt: skip


def axis(found: Sequence[ScenarioSaid]) -> tuple[int, int] | None:
    """The least and the most of all draws; None where no year was drawn."""
    bins = [one for of in found if of.year for one in of.year.bins]
    return (min(one.low_grains for one in bins), max(one.high_grains for one in bins)) if bins else None


def decimals(found: tuple[ScenarioSaid, ...], currency: str) -> int:
    """One number of decimals for all amounts that sum."""
    most = max(abs(one.total.earned_grains) + one.total.charge_grains + one.total.cost_grains for one in found)
    return max(minor_digits(currency), decimals_for(Money(most, currency)))


def written(plan: Any) -> str:
    """A plan as a file for --plans."""
    return yaml.safe_dump([short_entry(plan)], allow_unicode=True, sort_keys=False)


def places(app: App) -> list[Place]:
    """Where reports are, and who may see them: each stands alone, and can do nothing."""

    async def send(visit: Visit) -> Response:
        name = visit.path["run"]
        file = await Clerk(app, visit).ask(simulations.REPORT, run=name)
        content = b"".join([part async for part in file.parts])
        return Response(content, media_type=file.media_type, headers=standing_alone() | {"cache-control": "no-store"})

    return [Place("GET", f"{HOME}/{{run}}/report", "simulations.read", send)]


SHEETS: Final = (
    Sheet(HOME, "simulations.read", "console/scenarios.html", all_runs, {"remove_run": simulations.REMOVE}),
    Sheet(f"{HOME}/compare", "simulations.read", "console/scenarios_compared.html", side_by_side),
    Sheet(f"{HOME}/{{run}}", "simulations.read", "console/scenario.html", one_run, {"remove_run": simulations.REMOVE}),
    Sheet(
        f"{HOME}/{{run}}/adopt/{{plan}}", "plans.write", "console/adopt.html", to_adopt,
        {"adopt_plan": simulations.ADOPT}, reads={"adopt_plan": adopted},
    ),
)  # fmt: skip
