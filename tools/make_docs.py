"""Makes the pages that are made from the code, so that they cannot be wrong: settings, commands, the operator API;
and from the benchmarks what the READMEs say of speed, and pages of tariffs and of how far estimates are off."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

import click
import msgspec
from readme_speed import speed
from simulated_figures import accuracy, tariffs

from solvent.app.config import Config
from solvent.cli.config import settings
from solvent.cli.main import solvent
from solvent.console.openapi import chapter, document
from solvent.console.operation import AnyOperation
from solvent.console.operations import OPERATIONS
from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.permission import may

ROOT = Path(__file__).parents[1]


def configuration() -> str:
    """docs/configuration.md."""
    lines = [
        "# Settings",
        "",
        "Made by `make docs` from `src/solvent/app/config.py`; `solvent config` prints the values in force.",
        "",
        "Defaults are overridden by `solvent.toml` (beside the data directory, in the working directory, or named by",
        "`--config`), and its plain settings by the environment: `SOLVENT_CURRENCY=USD`. Amounts are texts, so they",
        "stay exact. Keys are written by reference, `env:NAME` or `file:PATH`, never themselves.",
        "",
        "```toml",
        *settings(Config, Config()),
        "```",
        "",
    ]
    return "\n".join(lines)


def commands() -> str:
    """docs/commands.md."""
    pages = ["# Commands", "", "Made by `make docs` from the commands' own help.", ""]
    for path, command in _all(solvent, ("solvent",)):
        with click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100) as context:
            pages += [f"## `{' '.join(path)}`", "", "```", command.get_help(context), "```", ""]
    return "\n".join(pages)


def operator_api() -> str:
    """docs/operator-api.md."""
    lines = [
        "# The operator API, call by call",
        "",
        "Made by `make docs` from the declared operations; [api.md](api.md) says what holds for all of them, and",
        "[openapi.json](openapi.json) has their shapes. **Once**: an `Idempotency-Key` is needed.",
        "",
    ]
    for name, group in groupby(OPERATIONS, key=chapter):
        lines += [f"## {name}", "", "| call | roles | | what |", "|---|---|---|---|", *map(_call, group), ""]
    return "\n".join(lines)


def _call(operation: AnyOperation) -> str:
    roles = [role for role in OPERATOR_ROLES if may(role, operation.action)]
    who = "all" if len(roles) == len(OPERATOR_ROLES) else ", ".join(roles)
    what = (operation.run.__doc__ or "").strip().partition("\n")[0]
    for member, action in operation.also.items():
        others = ", ".join(role for role in OPERATOR_ROLES if may(role, action))
        what += f" With `{member}`: {others}."
    return f"| `{operation.method} {operation.path}` | {who} | {'once' if operation.is_money else ''} | {what} |"


def openapi() -> str:
    """docs/openapi.json."""
    return msgspec.json.format(msgspec.json.encode(document(OPERATIONS)), indent=2).decode() + "\n"


def _all(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, f"{name} is listed and not there"
            found += _all(child, (*path, name))
    return found


def _with(chapter: Callable[[str, str], str], page: str) -> str:
    return chapter(page, (ROOT / page).read_text(encoding="utf-8"))


PAGES = {
    "docs/configuration.md": configuration,
    "docs/commands.md": commands,
    "docs/operator-api.md": operator_api,
    "docs/openapi.json": openapi,
    "README.md": partial(_with, speed, "README.md"),
    "README.ko.md": partial(_with, speed, "README.ko.md"),
    "docs/simulation.md": partial(_with, tariffs, "docs/simulation.md"),
    "docs/capacity.md": partial(_with, accuracy, "docs/capacity.md"),
}


def main() -> None:
    """Write the pages; with --check only say which are stale."""
    stale = [name for name, make in PAGES.items() if not _is(ROOT / name, make())]
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run `make docs`" if stale else 0)
    for name in stale:
        (ROOT / name).write_text(PAGES[name](), encoding="utf-8")
        click.echo(f"wrote {name}")


def _is(page: Path, text: str) -> bool:
    return page.is_file() and page.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
