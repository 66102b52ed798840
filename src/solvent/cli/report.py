"""`solvent report`: the profit and loss, from the books, whether or not the service is running."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import get_args

import click
import msgspec
from rich.console import Console
from rich.table import Table

from solvent.app.business import open_business
from solvent.app.report import Report, report
from solvent.app.report_body import report_body
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.cli.wording import Speaker, decimals, speaker
from solvent.margin.line import GroupBy, MarginLine
from solvent.values.money import Money
from solvent.values.period import day_number, first_day


@click.command("report")
@data_option
@config_option
@click.option("--since", default="30d", show_default=True, help="Days like 7d (today counts), or a date.")
@click.option(
    "--group-by", "group_by", default="model", show_default=True, type=click.Choice(list(get_args(GroupBy))),
    help="What to sum by.",
)  # fmt: skip
@json_option
def command(data: Path, config_file: Path | None, since: str, group_by: GroupBy, as_json: bool) -> None:  # noqa: FBT001
    """Print the profit and loss, and where each plan breaks even."""
    config, near = load_config(config_file, data)

    async def read() -> Report:
        async with open_business(config, data, near) as business:
            now = business.now_us()
            from_day, today = first_day(since, now, business.time_zone), day_number(now, business.time_zone)
            return await report(group_by, from_day, today, dict(business.plans), business.currency, business.database)

    made = asyncio.run(read())
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report_body(made)), indent=2, ensure_ascii=False))
    else:
        _print(made, speaker())


def _print(made: Report, say: Speaker) -> None:
    screen = Console(highlight=False, soft_wrap=True)
    if not made.lines:
        screen.print(say("no_answers").format(days=made.days))
        return
    screen.print(say.sentence(made.total.margin, made.days))
    places = _places(made.total)
    rows = [_cells(line, made, say, places) for line in made.lines]
    last = _cells(made.total, made, say, places)
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=len(rows) > 1)
    for n, name in enumerate(("group", "answers", "revenue", "cost", "margin", "cost_each", "charge_each")):
        heading = say(made.group_by) if name == "group" else say(name)
        footer = say("total") if name == "group" else last[n]
        table.add_column(heading, footer, justify="left" if n == 0 else "right", no_wrap=n > 0)
    for row in rows:
        table.add_row(*row)
    screen.print(table)
    if made.total.sums.failed:
        screen.print(say("failed").format(count=made.total.sums.failed))
    for standing in made.plans:
        screen.print(say.standing(standing))


def _amounts(line: MarginLine) -> list[Money | None]:
    return [line.charge, line.cost, line.margin, line.cost_each, line.charge_each]


def _places(total: MarginLine) -> list[int]:
    """Each column has one number of decimals, so that what stands in it adds up in view; the three amounts share
    theirs with the finest of them."""
    places = [decimals(amount) if amount else 0 for amount in _amounts(total)]
    return [max(places[:3])] * 3 + places[3:]


def _cells(line: MarginLine, made: Report, say: Speaker, places: list[int]) -> list[str]:
    amounts = zip(_amounts(line), places, strict=True)
    name = made.names.get(line.name, line.name)
    return [name, f"{line.sums.answers:,}", *(say.money(money, n) if money else "" for money, n in amounts)]
