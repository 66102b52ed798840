"""What `solvent size` and its comparisons are asked for: the load, the limits, and what hardware costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from solvent.app.sizing import Wanted
from solvent.cli.options import Real

Command = Callable[..., None]
_TOKENS = click.IntRange(1, 10_000_000)
_SHARE = Real(0, 1, min_open=True)
_PATH = click.Path(dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option("--input", "input_tokens", type=_TOKENS, default=300, show_default=True, help="Tokens of a question."),
    click.option(
        "--output", "output_tokens", type=_TOKENS, default=400, show_default=True, help="Tokens of an answer."
    ),
    click.option(
        "--batch", type=click.IntRange(0, 100_000), default=0, help="Answers at once  [default: the most that fit]."
    ),
    click.option(
        "--token-ms", "ms_per_token_max", type=Real(0, 1e7, min_open=True), default=50.0,
        show_default=True, help="The longest wait for a token.",
    ),
    click.option(
        "--busy", "utilisation", type=_SHARE, default=0.5, show_default=True,
        help="The share of paid hours that hardware is busy.",
    ),
    click.option("--rate", "device_hour", default="", metavar="AMOUNT", help="What one device costs an hour."),
    click.option("--currency", default="USD", show_default=True, help="Of every amount."),
    click.option("--per-usd", default="", metavar="AMOUNT", help="A dollar in that currency, for rents listed in USD."),
    click.option(
        "--kwh", "kilowatt_hour", default="0", show_default=True, metavar="AMOUNT",
        help="A kilowatt-hour; 0 where the rent includes it.",
    ),
    click.option("--extras", default="0", show_default=True, metavar="AMOUNT", help="Of each answer, besides."),
    click.option(
        "--pue", type=Real(1, 5), default=1.2, show_default=True,
        help="What a building draws over what its machines do.",
    ),
    click.option("--measured", type=_PATH, default=None, help="A CSV of your own measured points."),
)  # fmt: skip


def wanted_options(command: Command) -> Command:
    """Adds the options; the command gets them as `wanted`."""

    @wraps(command)
    def told(**given: Any) -> None:
        mine = {name: given.pop(name) for name in Wanted.__struct_fields__ if name in given}
        command(wanted=Wanted(**mine), **given)

    for option in reversed(_OPTIONS):
        told = option(told)
    return told
