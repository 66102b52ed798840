"""`solvent models pull NAME`: bring an open model here and put it on sale; without a name, the list of them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from solvent.app import pulling
from solvent.app.catalogue import OpenModel, find_model, read_catalogue
from solvent.app.pulling import Pulled, Watch
from solvent.cli.options import config_option, data_option, find_config, json_option
from solvent.values.errors import Refused

LINES = 10  # in one download, where there is no terminal for a bar
TABLE_COLUMNS_MIN = 100


@click.command("pull")
@click.argument("name", required=False)
@data_option
@config_option
@click.option("--list", "only_list", is_flag=True, help="Show the models that can be pulled.")
@click.option("--yes", "agreed", is_flag=True, help="You have read a licence that forbids commercial use.")
@json_option
def pull(
    name: str | None, data: Path, config_file: Path | None, only_list: bool, agreed: bool, as_json: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Download an open model, check it, and add it to the configuration."""
    models = read_catalogue()
    if name is None or only_list:
        _show(list(models.values()), as_json=as_json)
        return
    model = find_model(models, name)
    _agree(model, agreed=agreed)
    target = find_config(config_file, data) or data / "solvent.toml"
    try:
        with _watching(model) as watch:
            pulled = asyncio.run(pulling.pull(model, data, target, os.environ, watch))
    except KeyboardInterrupt:
        click.echo("\nstopped; what arrived is kept: pull again to go on", err=True)
        raise click.Abort from None
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(pulled), indent=2))
    else:
        _tell(model, pulled)


def _agree(model: OpenModel, *, agreed: bool) -> None:
    """Ask before a licence that forbids commercial use, or refuse where nobody can be asked."""
    if model.commercial_use or agreed:
        return
    click.echo(f"{model.licence_note}\n{model.licence_url}", err=True)
    if not sys.stdin.isatty() or not click.confirm("No commercial use: is that yours?", err=True):
        message = f"{model.name}: its licence ({model.licence}) forbids commercial use; --yes if you keep to it"
        raise Refused("licence_not_accepted", message)


def _show(models: list[OpenModel], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(model) for model in models], indent=2, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "size", "licence", "commercial use", "languages", "memory"):
        table.add_column(heading, justify="right" if heading in ("size", "memory") else "left", no_wrap=True)
    for model in models:
        table.add_row(
            model.name, _size(model.size_bytes), model.licence, "yes" if model.commercial_use else "no",
            " ".join(model.languages), f"{model.memory_gib} GiB",
        )  # fmt: skip
    console = Console(highlight=False)
    console.width = max(console.width, TABLE_COLUMNS_MIN)
    console.print(table)
    console.print("\n`solvent models pull NAME` brings one here.")


def _tell(model: OpenModel, pulled: Pulled) -> None:
    came = f"{_size(pulled.downloaded_bytes)} downloaded" if pulled.downloaded_bytes else "nothing to download"
    click.echo(f"{pulled.file}: {came}, sha256 checked against {pulled.checked_against}")
    if not model.verified:
        click.echo("The list has no checksum of its own for this file, so it was checked against the hub's.")
    if model.licence_note:
        click.echo(model.licence_note)
    if pulled.entry_added:
        click.echo(f"{pulled.config_file}: {model.name} is added; restart `solvent serve` to sell it.")
    else:
        click.echo(f"{pulled.config_file}: {model.name} was there already and is left as it is.")


class _Lines:
    """Plain lines for logs and pipes, LINES of them in one download."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = 0

    def say(self, line: str) -> None:
        click.echo(line, err=True)

    def at(self, have_bytes: int, size_bytes: int) -> None:
        tenths = have_bytes * LINES // size_bytes
        if tenths > self._told:
            self._told = tenths
            self.say(f"{self._name}: {tenths * 100 // LINES} % of {_size(size_bytes)}")


class _Bar:
    """Bytes, speed and time left."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    def say(self, line: str) -> None:
        self._progress.console.print(line, highlight=False, markup=False)

    def at(self, have_bytes: int, size_bytes: int) -> None:
        self._progress.update(self._task, completed=have_bytes, total=size_bytes)


@contextmanager
def _watching(model: OpenModel) -> Iterator[Watch]:
    """A bar on a terminal, lines elsewhere; both on stderr, so that stdout holds the result alone."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(model.name)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(model.name, progress)


def _size(size_bytes: int) -> str:
    if size_bytes >= 10**9:
        return f"{size_bytes / 10**9:.2f} GB"
    return f"{size_bytes / 10**6:.0f} MB" if size_bytes else "unknown"
