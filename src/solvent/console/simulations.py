"""Operations on kept runs of the simulator: what they found, their reports, and a plan of one put on sale."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from solvent.app.http import Download
from solvent.app.plans import plan_of
from solvent.audit.store import came_of
from solvent.billing.publish_plan import ACTION, Publication, publish_plan
from solvent.console.members import WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, read_at, reading, whole
from solvent.console.plans import PublishedBody, published_body
from solvent.console.run_bodies import BriefBody, RunBody, brief_body
from solvent.console.run_figures import said_in
from solvent.db.port import Connection
from solvent.identity import person_store
from solvent.identity import store as identity_store
from solvent.simulation import kept_run_store as store
from solvent.simulation.forget_run import forget_run
from solvent.simulation.kept_run import KeptRun, Papers, unpacked


class RemovedBody(msgspec.Struct, kw_only=True):
    """A run that is forgotten. Plans that were adopted from it stay."""

    object: Literal["simulation.removed"] = "simulation.removed"
    name: str


class Adoption(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which plan of a run goes on sale."""

    plan: Annotated[str, WORD, Meta(min_length=1, description="one of the plans that the run compared")]
    at_a_loss: Annotated[bool, Meta(description="publish it even if its price is below the cost of its quotas")] = False


async def runs(asked: Asked[PageQuery, Nothing]) -> Page[BriefBody]:
    """List kept runs of the simulator, newest first, by what each found."""
    query = asked.query
    before = read_at(query.cursor) if query.cursor else None

    def look(connection: Connection) -> tuple[list[BriefBody], str | None]:
        found = store.runs_page(connection, query.limit + 1, before)
        rows, cursor = page_of(found, query.limit, lambda one: f"{one.at_us}-{one.name}")
        names = _names(connection, rows)
        return [brief_body(one, names.get(one.actor)) for one in rows], cursor

    rows, cursor = await asked.business.database.read(look)
    return Page(rows, cursor)


async def show(asked: Asked[Nothing, Any]) -> RunBody:
    """Show a run: what was asked and found. `said` is the JSON of its report, word for word."""

    def look(connection: Connection) -> tuple[BriefBody, Papers]:
        run = store.run_by_name(connection, asked.path["run"])
        return brief_body(run, _names(connection, [run]).get(run.actor)), store.papers_of(connection, run.name)

    brief, papers = await asked.business.database.read(look)
    said = await asyncio.to_thread(unpacked, papers.said)
    return RunBody(run=brief, said=msgspec.Raw(said))


async def report(asked: Asked[Nothing, Nothing]) -> Download:
    """The report of a run: one HTML page that needs nothing else."""
    name = asked.path["run"]
    papers = await asked.business.database.read(partial(store.papers_of, name=name))
    page = await asyncio.to_thread(unpacked, papers.report)
    return Download("text/html; charset=utf-8", f"{name}.html", whole(page))


async def remove(asked: Asked[Nothing, Nothing]) -> RemovedBody:
    """Forget a run and its report. Plans that were adopted from it stay."""
    name, _ = await forget_run(asked.path["run"], asked.act, asked.business.database)
    return RemovedBody(name=name)


async def adopt(asked: Asked[Nothing, Adoption]) -> PublishedBody:
    """Publish a plan as a run compared it. Who is on an older version stays on it.

    Refused where other terms of the plan were published after the run: what it says of who gains and who loses is of
    the terms before.
    """
    business, body = asked.business, asked.body
    known = await business.database.read(lambda books: came_of(books, asked.act, ACTION, Publication))
    if known is not None:  # though the run may be gone since
        return published_body(known)
    said = said_in((await show(asked)).said)
    plan = plan_of(said.candidate(body.plan), business.currency)
    made, _ = await publish_plan(
        plan, await business.class_costs(), asked.act, business.database, at_a_loss=body.at_a_loss,
        after_version=said.plan_versions.get(plan.name, 0),
    )  # fmt: skip
    return published_body(made)


def _names(connection: Connection, runs: list[KeptRun]) -> dict[str, str]:
    """What operators who ran them are called, by their ids."""
    actors = [run.actor for run in runs]
    found: dict[str, Any] = identity_store.keys_among(connection, actors) | person_store.among(connection, actors)
    return {id: one.name for id, one in found.items() if one.name}


_ONE = "/v1/simulations/{run}"
LIST = reading("/v1/simulations", "simulations.read", runs, PageQuery, Page[BriefBody])
SHOW = reading(_ONE, "simulations.read", show, Nothing, RunBody)
REPORT = reading(f"{_ONE}/report", "simulations.read", report, Nothing, Download, "text/html")
REMOVE = Operation("POST", f"{_ONE}/remove", "simulations.write", remove, Nothing, Nothing, RemovedBody)
ADOPT = Operation("POST", f"{_ONE}/adopt", "plans.write", adopt, Nothing, Adoption, PublishedBody, is_money=True)
OPERATIONS = (LIST, SHOW, REPORT, REMOVE, ADOPT)
