"""`solvent config`: every setting, its value now, and what it is for."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import click
import msgspec

from solvent.app.cards import read_cards
from solvent.app.config import Config
from solvent.app.plans import read_plans
from solvent.app.routes import read_exchanges
from solvent.app.running import tell_running
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.values.errors import Invalid


@click.group("config", invoke_without_command=True)
@data_option
@config_option
@json_option
@click.pass_context
def command(context: click.Context, data: Path, config_file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Show every setting, its value now, and what it is for."""
    if context.invoked_subcommand is not None:
        return
    config, _ = load_config(config_file, data)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(config), indent=2, ensure_ascii=False))
        return
    for line in settings(Config, config):
        click.echo(line)


@command.command("reload")
@data_option
@config_option
@json_option
def reload(data: Path, config_file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Let the services that run on the data directory read their settings, prices and plans again.

    What is wrong in them is refused, here as far as it can be seen without their secrets, and by the services: then
    the former settings stay in force.
    """
    config, near = load_config(config_file, data)
    read_plans(config)
    read_cards(near, read_exchanges(config))
    told = tell_running(data.resolve(), signal.SIGHUP)
    if not told:
        raise Invalid("no_service", f"no service runs here on {data.resolve()}; name the right --data", param="data")
    if as_json:
        click.echo(json.dumps({"told": told}))
        return
    whose = "its log says" if told == 1 else "their logs say"
    click.echo(f"{told} service{' was' if told == 1 else 's were'} told; {whose} whether they are in force")


def settings(kind: type[msgspec.Struct], values: Any, prefix: str = "") -> list[str]:
    """One line for each setting of a struct, tables under their own names."""
    lines = []
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        value = getattr(values, field.name) if values is not None else field.default
        if get_origin(hint) is tuple:
            table = get_args(hint)[0]
            lines += ["", f"[[{prefix}{field.encode_name}]]  {len(value)} configured; {_purpose(table)}"]
            lines += ["  " + line for line in settings(table, None)]
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            lines += ["", f"[{prefix}{field.encode_name}]  {_purpose(hint)}"]
            lines += ["  " + line for line in settings(hint, value)]
        else:
            shown = "(needed)" if value is msgspec.NODEFAULT else json.dumps(value, ensure_ascii=False)
            lines.append(f"{prefix}{field.encode_name} = {shown}  # {_meaning(hint)}")
    return lines


def _purpose(table: type) -> str:
    return (table.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _meaning(hint: Any) -> str:
    return next((m.description or "" for m in get_args(hint)[1:] if isinstance(m, msgspec.Meta)), "")
