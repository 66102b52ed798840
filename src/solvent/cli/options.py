"""Options that several commands share, so that they are spelled and explained alike."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import click

from solvent.app.config import Config, read_config

data_option = click.option(
    "--data", "data", type=click.Path(file_okay=False, path_type=Path), default=Path("solvent-data"),
    show_default=True, help="The data directory.",
)  # fmt: skip
config_option = click.option(
    "--config", "config_file", type=click.Path(dir_okay=False, path_type=Path), default=None,
    help="The configuration  [default: solvent.toml in this folder or in the data directory, if there].",
)  # fmt: skip
spread_option = click.option(
    "--spread", default="1", show_default=True, metavar="N|ray|ADDRESS",
    help="Over so many processes, or a Ray cluster: the one this machine is part of, or HOST:PORT or ray://HOST:PORT.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Real(click.FloatRange):
    """A number within bounds. What is none, "nan", is within no bounds, though click's comparisons let it pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.ParamType."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def find_config(config_file: Path | None, data: Path) -> Path | None:
    """The configuration file to read: the one named, else solvent.toml here, else in the data directory."""
    if config_file is not None:
        return config_file
    return next((file for file in (Path("solvent.toml"), data / "solvent.toml") if file.is_file()), None)


def load_config(config_file: Path | None, data: Path) -> tuple[Config, Path]:
    """The configuration, and the folder its relative paths start from."""
    file = find_config(config_file, data)
    return read_config(file, os.environ), (file.parent if file else data).resolve()
