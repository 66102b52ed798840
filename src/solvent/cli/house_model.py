"""`solvent house-model`: train the embedded model again, and print how well the shipped one does."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import click
import msgspec

from solvent.app.routes import HOUSE_FILE
from solvent.cli.options import json_option
from solvent.lightening.house_model import build, score
from solvent.values.errors import Invalid

SHIPPED = Path(str(files("solvent") / HOUSE_FILE))


@click.group("house-model")
def command() -> None:
    """Build and score the embedded house model."""


@command.command("score")
@click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), default=SHIPPED, help="The GGUF file to examine."
)
@json_option
def score_command(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Put the held-out questions to a house model, beside chance and a TF-IDF baseline."""
    if not file.is_file():
        raise Invalid("no_such_model_file", f"{file} is not there; `make house-model` builds it")
    card = score(file)
    click.echo(json.dumps(msgspec.to_builtins(card), indent=2) if as_json else card.table())


@command.command("build")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=Path("build/house-model"), show_default=True,
    help="Where weights, tokenizer and the GGUF file go.",
)  # fmt: skip
@click.option("--minutes", default=25.0, show_default=True, type=click.FloatRange(0.1, 600), help="Training time.")
def build_command(into: Path, minutes: float) -> None:
    """Train the house model from scratch; needs the extra `lightening` (torch)."""
    build(into, minutes, click.echo)
    click.echo(f"done: {into}; `solvent house-model score --file {into / SHIPPED.name}` examines it")
