"""`solvent plans`: what is on sale, its versions, whether it earns; publish, withdraw, move."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from solvent.app.plan_entries import PlanEntry
from solvent.app.plans import read_plan_file
from solvent.cli.here import Here, Screen, changes, looks
from solvent.console import plans
from solvent.console.plans import PlanBody, PlansBody

_PLANS = {
    "plan": "left", "version": "right", "plan_price": "right", "every": "left", "subscribers": "right", "state": "left",
    "since": "left",
}  # fmt: skip

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_only = click.option("--plan", "only", default="", help="Only this one of the file.")


@click.group("plans")
def command() -> None:
    """Look at plans and whether they earn; publish, withdraw and move them."""


@command.command("list")
@looks
def list_(here: Here) -> None:
    """List plans in their newest versions."""
    found = here.ask(plans.LIST)
    here.show(found, lambda screen: _table(found, screen))


@command.command("show")
@click.argument("plan")
@looks
def show(here: Here, plan: str) -> None:
    """Show every version of a plan; with --json all its terms, to change and publish again."""
    found = here.ask(plans.SHOW, {"plan": plan})
    here.show(found, lambda screen: _table(found, screen))


@command.command("preview")
@_file
@_only
@looks
def preview(here: Here, file: Path, only: str) -> None:
    """Say of the plans in a YAML FILE whether they earn, and which would be new versions. Nothing is changed."""
    made = [here.ask(plans.PREVIEW, body=_written(entry)) for entry in _entries(file, only)]

    def print_it(screen: Screen) -> None:
        for one in made:
            word = "plan_as_it_is" if not one.is_new_version else "plan_new" if not one.current_version else "plan_next"
            screen.word(word, plan=one.name, version=one.current_version + 1, customers=one.customers)
            screen.line(f"  {one.finding.words}")

    here.show(made, print_it)


@command.command("publish")
@_file
@_only
@click.option("--at-a-loss", is_flag=True, help="Publish it even if its price is below the cost of its quotas.")
@changes
def publish(here: Here, file: Path, only: str, at_a_loss: bool) -> None:  # noqa: FBT001
    """Publish the plans of a YAML FILE. Other terms are a new version; who is on an older one stays on it."""
    made = []
    for entry in _entries(file, only):
        body = _written(entry) | ({"at_a_loss": True} if at_a_loss else {})
        made.append(here.step(entry.name).ask(plans.PUBLISH, body=body))

    def print_it(screen: Screen) -> None:
        for one in made:
            screen.word("plan_published", plan=one.name, version=one.version)
            screen.line(f"  {one.finding.words}")

    here.show(made, print_it)


@command.command("withdraw")
@click.argument("plan")
@changes
def withdraw(here: Here, plan: str) -> None:
    """Take a plan off sale: nobody new is taken on it, and who is on it stays."""
    made = here.ask(plans.WITHDRAW, {"plan": plan})
    here.show(made, lambda screen: screen.word("plan_withdrawn", plan=made.name))


@command.command("move")
@click.argument("plan")
@click.option("--from", "since", required=True, metavar="DATE", help="With the first period from then on (UTC).")
@click.option("--notice-days", type=int, help="How long before customers can be told  [default: 30].")
@changes
def move(here: Here, plan: str, since: str, notice_days: int | None) -> None:
    """Bring everybody who is on older terms of a plan onto the newest."""
    made = here.ask(plans.MOVE, {"plan": plan}, body={"from": since, "notice_days": notice_days})
    here.show(
        made,
        lambda screen: screen.word(
            "plan_moves", plan=made.plan, version=made.version, day=screen.day(made.moves_at), customers=made.customers
        ),
    )  # fmt: skip


def _entries(file: Path, only: str) -> list[PlanEntry]:
    found = read_plan_file(file)
    chosen = [entry for entry in found if not only or entry.name == only]
    if not chosen:
        names = ", ".join(entry.name for entry in found) or "none"
        raise click.ClickException(f"{file} has no plan {only!r}; it has: {names}" if only else f"{file} has no plan")
    return chosen


def _written(entry: PlanEntry) -> dict[str, object]:
    made: dict[str, object] = msgspec.to_builtins(entry)
    return made


def _table(found: PlansBody, screen: Screen) -> None:
    screen.table(_PLANS, [_row(one, screen) for one in found.data], "no_plans")


def _row(one: PlanBody, screen: Screen) -> list[str]:
    state = screen.say("on_sale" if one.is_on_sale else "not_on_sale")
    price, every = screen.money(one.terms.price, one.currency), screen.say(one.terms.period)
    return [one.name, str(one.version), price, every, f"{one.subscribers:,}", state, screen.day(one.published_at)]
