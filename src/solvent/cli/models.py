"""`solvent models`: what is on sale and whether it answers now; `pull` brings an open model here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from solvent.answering.route import Route
from solvent.app.build import now_us
from solvent.app.cards import read_cards
from solvent.app.routes import open_routes, read_exchanges
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.cli.pull import pull
from solvent.values.errors import SolventError


class Standing(msgspec.Struct, frozen=True):
    """One model as `solvent models` shows it. answers: whether its provider serves it at this moment."""

    model: str
    vendor: str
    upstream: str
    cost_card: str
    price_card: str
    answers: bool
    trouble: str


@click.group("models", invoke_without_command=True)
@data_option
@config_option
@json_option
@click.pass_context
def command(ctx: click.Context, data: Path, config_file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """List the models on sale and say which of them answer now."""
    if ctx.invoked_subcommand is not None:
        return
    standings = asyncio.run(_look(data, config_file))
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(standing) for standing in standings], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("model", "vendor", "upstream", "we pay by", "they pay by", "now"):
        table.add_column(heading)
    for s in standings:
        table.add_row(s.model, s.vendor, s.upstream, s.cost_card, s.price_card, "answers" if s.answers else s.trouble)
    screen = Console(highlight=False)
    screen.width = max(screen.width, 120)
    screen.print(table if standings else "No models are on sale: add [[models]] to solvent.toml.")


command.add_command(pull)


async def _look(data: Path, config_file: Path | None) -> list[Standing]:
    config, near = load_config(config_file, data)
    routes = open_routes(config, read_cards(near, read_exchanges(config)), near, now_us())
    try:
        return list(await asyncio.gather(*(_standing(route) for route in routes.all)))
    finally:
        await routes.close()


async def _standing(route: Route) -> Standing:
    """Its prices are in force: an unpriced model would not have been opened."""
    trouble = ""
    try:
        served = await route.provider.probe()
        if route.engine is None and served and route.upstream not in served:
            trouble = f"{route.provider.name} serves no {route.upstream}"
    except SolventError as wrong:
        trouble = wrong.message
    cost, price = route.cost_cards[-1].version, route.price_cards[-1].version
    return Standing(route.model, route.provider.name, route.upstream, cost, price, not trouble, trouble)
