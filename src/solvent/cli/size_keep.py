"""What sizing finds as a report, and kept in the books beside simulations, where that is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from markupsafe import Markup

from solvent.app.business import open_business
from solvent.app.comparing import CompareBody
from solvent.app.config import Config
from solvent.app.sizing import SizeBody
from solvent.cli.here import Screen
from solvent.cli.options import load_config
from solvent.cli.reports import About, about_now, harmless, report_style, versions_now
from solvent.cli.simulate_keep import Finding, demand_keepable, leave, leave_page
from solvent.pages import formats
from solvent.pages.drawing import Drawing
from solvent.pages.estimates import number
from solvent.simulation.kept_run import Brief, Kind
from solvent.values.instant import utc
from solvent.values.money import money
from solvent.values.period import zone

Command = Callable[..., Any]
_OPTIONS: Final = (
    click.option("--keep", "keep", default="", metavar="NAME", help="Keep it in the books under this name."),
    click.option(
        "--report", "report_into", type=click.Path(dir_okay=False, path_type=Path),
        help="Write an HTML page with all of it into this file.",
    ),
    click.option("--language", type=click.Choice(("en", "ko")), help="Of that page  [default: the terminal's]."),
)  # fmt: skip


def keep_options(command: Command) -> Command:
    """The options of a sizing that may leave a report."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def demand_free_name(said: Mapping[str, Any]) -> None:
    """Before anything is reckoned: the name it is to be kept under is good and free."""

    async def demand() -> None:
        config, near = load_config(said["config_file"], said["data"])
        async with open_business(config, said["data"], near) as business:
            await demand_keepable(business, {**said, "is_unkept": False})

    if said["keep"]:
        asyncio.run(demand())


Sized = SizeBody | CompareBody


def leave_sized(found: Sized, source: str, drawn: str, said: Mapping[str, Any], screen: Screen) -> None:
    """Keep it, and write its page, where either was asked for. drawn: a picture as SVG; "" for none."""
    if not said["keep"] and said["report_into"] is None:
        return
    config, near = load_config(said["config_file"], said["data"])
    about = about_now(said["language"] or screen.say.language)
    kind: Kind = "size" if isinstance(found, SizeBody) else "compare"
    document = msgspec.json.encode({**about.said, kind: found})
    page = _page(found, kind, source, drawn, document, about, config)
    finding = Finding(kind, about.command, Brief(_currency(found), source, 0), document, page)
    kept = {**said, "is_unkept": False}

    async def leave_it() -> None:
        async with open_business(config, said["data"], near) as business:
            await leave(business, kept, finding, screen)

    if said["keep"]:
        asyncio.run(leave_it())
    else:
        leave_page(said, finding, screen)


def _currency(found: Sized) -> str:
    if isinstance(found, CompareBody):
        return found.currency
    return found.cost.currency if found.cost else "USD"


def _page(
    found: Sized, kind: Kind, source: str, drawn: str, document: bytes, about: About, config: Config
) -> str:  # fmt: skip
    clock, currency = zone(config.time_zone), _currency(found)
    return Drawing("Solvent", clock).draw_in(
        "reports/sized.html", about.language, found=found, kind=kind, source=source,
        drawn=Markup(drawn),  # noqa: S704 - our own picture, which escapes names
        worth=lambda text: formats.money(money(text, currency), about.language), figure=number,
        command=about.command, versions=versions_now(), style=report_style(), json=harmless(document),
        made=f"{utc(about.made_us).astimezone(clock):%Y-%m-%d %H:%M}", made_us=about.made_us, clock=config.time_zone,
    )  # fmt: skip
