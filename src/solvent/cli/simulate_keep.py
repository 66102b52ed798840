"""Every run leaves a report: it is kept in the books, under a name or its date, unless that is not wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click
import msgspec

from solvent.app.asked import Told
from solvent.app.business import Business
from solvent.audit.act import Act, fingerprint
from solvent.cli.asked import tell
from solvent.cli.here import Screen, actor_here
from solvent.cli.whole_file import write_whole
from solvent.simulation.keep_run import keep_run
from solvent.simulation.kept_run import Brief, KeptRun, Kind, packed, run_name
from solvent.simulation.kept_run_store import demand_free
from solvent.values.errors import Invalid
from solvent.values.ids import new_id
from solvent.values.instant import utc

Command = Callable[..., Any]
_OPTIONS: Final = (
    click.option(
        "--report", "report_into", type=click.Path(dir_okay=False, path_type=Path),
        help="Write an HTML page with pictures, tables and all that is assumed into this file.",
    ),
    click.option("--language", type=click.Choice(("en", "ko")), help="Of that page  [default: the terminal's]."),
    click.option(
        "--keep", "keep", default="", metavar="NAME",
        help="Keep the run in the books under this name  [default: under its date; the newest 50 of those are kept].",
    ),
    click.option("--no-keep", "is_unkept", is_flag=True, help="Keep nothing of the run."),
)  # fmt: skip


def keep_options(command: Command) -> Command:
    """The options of a command that leaves a report of each run."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Finding(msgspec.Struct, frozen=True):
    """What a run comes to: what a list says of it, all its numbers as JSON, and the page."""

    kind: Kind
    command: str
    brief: Brief
    said: bytes
    report: str


async def demand_keepable(business: Business, said: Mapping[str, Any]) -> None:
    """Before anything is replayed: the name is good and free. Raises Invalid, and Conflict for one that is taken."""
    if said["keep"] and said["is_unkept"]:
        raise Invalid("bad_run_name", "--keep and --no-keep do not go together", param="keep")
    if said["keep"]:
        await business.database.read(partial(demand_free, name=run_name(said["keep"])))


async def leave(business: Business, said: Mapping[str, Any], found: Finding, screen: Screen) -> None:
    """Write the page where it is asked for, and keep the run, also where the page cannot be written; say where both
    are. Raises as `keep_run` does.
    """
    try:
        leave_page(said, found, screen)
    finally:
        if not said["is_unkept"]:
            name = await _kept(business, said["keep"], found)
            tell(Told(run=name))
            click.echo(screen.say("run_kept").format(name=name, url=f"/console/scenarios/{quote(name)}"), err=True)


def leave_page(said: Mapping[str, Any], found: Finding, screen: Screen) -> None:
    """Write the page where it is asked for, and say where it is."""
    file = said["report_into"]
    if file is not None:
        write_whole(file, found.report, "report")
        click.echo(screen.say("report_written").format(file=file), err=True)


async def _kept(business: Business, wanted: str, found: Finding) -> str:
    at_us = business.now_us()
    name = run_name(wanted) if wanted else f"{utc(at_us).astimezone(business.time_zone):%Y-%m-%d-%H%M%S}"
    papers = packed(found.said, found.report)
    actor = actor_here()
    run = KeptRun(
        name, at_us, found.kind, actor, int(not wanted), found.command, msgspec.json.encode(found.brief), papers.size
    )
    act = Act(actor, new_id("cmd", at_us, business.entropy()), fingerprint(name), at_us)
    return (await keep_run(run, papers, act, business.database)).name
