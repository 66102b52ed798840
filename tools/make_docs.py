"""Makes the pages that are made from the code, so that they cannot be wrong: settings and commands."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from solvent.app.config import Config
from solvent.cli.config import settings
from solvent.cli.main import solvent

DOCS = Path(__file__).parents[1] / "docs"


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


def _all(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, f"{name} is listed and not there"
            found += _all(child, (*path, name))
    return found


PAGES = {"configuration.md": configuration, "commands.md": commands}


def main() -> None:
    """Write the pages; with --check only say which are stale."""
    stale = [name for name, make in PAGES.items() if not _is(DOCS / name, make())]
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run `make docs`" if stale else 0)
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        click.echo(f"wrote docs/{name}")


def _is(page: Path, text: str) -> bool:
    return page.is_file() and page.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
