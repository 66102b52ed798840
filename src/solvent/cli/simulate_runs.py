"""`solvent simulate runs`: the runs that are kept in the books."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.console import asked, simulations
from solvent.console.asked_bodies import AskedBody
from solvent.console.run_bodies import BriefBody, BriefScenarioBody

_RUNS: Final = {
    "at": "left", "name": "left", "by": "left", "traffic": "left", "answers": "right", "best_left": "left",
    "margin": "right", "middle_year": "right", "loss_years": "right",
}  # fmt: skip
_ASKED: Final = {"at": "left", "id": "left", "state": "left", "found_or_why": "left", "command": "left"}
_SCENARIOS: Final = {"scenario": "left", "margin": "right", "middle_year": "right", "loss_years": "right"}


@click.group("runs")
def runs() -> None:
    """List, show and remove the runs that are kept."""


@runs.command("list")
@paged
@looks
def list_runs(here: Here, limit: int, cursor: str) -> None:
    """List kept runs, newest first, each with the scenario that leaves most."""
    found = here.ask(simulations.LIST, query={"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _RUNS, lambda one: _row(one, screen), "no_runs"))


@runs.command("show")
@click.argument("run")
@click.option(
    "--report", "into", type=click.Path(dir_okay=False, path_type=Path), help="Write its HTML page into this file."
)
@looks
def show(here: Here, run: str, into: Path | None) -> None:
    """Show what a RUN asked and found; --json has all of it."""
    if into is not None:
        here.save(simulations.REPORT, {"run": run}, into=into)
        return
    found = here.ask(simulations.SHOW, {"run": run})

    def print_it(screen: Screen) -> None:
        brief = found.run
        screen.facts(
            {
                "name": brief.name, "at": screen.minute(brief.at), "by": brief.by_name or brief.by,
                "command": brief.command, "traffic": brief.source, "answers": f"{brief.answers:,}",
                "plans": ", ".join(brief.plans),
            }
        )  # fmt: skip
        screen.line("")
        screen.table(_SCENARIOS, [_found(one, brief, screen) for one in brief.scenarios], "no_scenarios")

    here.show(found, print_it)


@runs.command("remove")
@click.argument("run")
@changes
def remove(here: Here, run: str) -> None:
    """Forget a RUN and its report. Plans that were adopted from it stay."""
    gone = here.ask(simulations.REMOVE, {"run": run})
    here.show(gone, lambda screen: screen.word("run_removed", name=gone.name))


@runs.command("asked")
@looks
def list_asked(here: Here) -> None:
    """List the runs that the console was asked for, newest first: how far they are, or how they ended."""
    found = here.ask(asked.LIST)
    here.show(found, lambda screen: screen.table(_ASKED, [_asked(one, screen) for one in found.data], "no_runs_asked"))


@runs.command("cancel")
@click.argument("asked_run", metavar="ID")
@changes
def cancel(here: Here, asked_run: str) -> None:
    """Cancel a run that the console was asked for, by its ID. Nothing of it is kept."""
    gone = here.ask(asked.CANCEL, {"asked": asked_run})
    here.show(gone, lambda screen: screen.word("run_cancelled", id=gone.id))


def _asked(one: AskedBody, screen: Screen) -> list[str]:
    share = f"{one.stage} {100 * one.done // one.whole} %" if one.state == "running" and one.whole else one.stage
    how = share if one.state == "running" else one.run or one.fault
    return [screen.minute(one.at), one.id, screen.say(f"asked_{one.state}"), how, one.command]


def _row(one: BriefBody, screen: Screen) -> list[str]:
    head = [screen.minute(one.at), one.name, one.by_name or one.by, one.source, f"{one.answers:,}"]
    best = next((scenario for scenario in one.scenarios if scenario.name == one.best), None)
    return head + (["", "", "", ""] if best is None else _found(best, one, screen))


def _found(one: BriefScenarioBody, run: BriefBody, screen: Screen) -> list[str]:
    middle = "" if one.middle is None else screen.money(one.middle, run.currency, 2)
    chance = "" if one.loss_permille is None else f"{one.loss_permille / 10:.1f} %"
    return [one.name, screen.money(one.left, run.currency, 2), middle, chance]
