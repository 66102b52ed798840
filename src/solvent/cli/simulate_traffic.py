"""Which traffic a simulation is of: the options that say so, and the trace they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from solvent.app.business import Business
from solvent.app.traffic import own_trace
from solvent.simulation.formats import NAMES, SERVEGEN, demand_known
from solvent.simulation.servegen_store import is_pool, open_pool
from solvent.simulation.trace import Trace
from solvent.simulation.trace_store import Reading, open_trace
from solvent.values.errors import Invalid
from solvent.values.limits import POOL_ANSWERS, PREFIX_CACHE_TOKENS
from solvent.values.period import day_number, first_day, start_of_day

Command = Callable[..., Any]
_OPTIONS = (
    click.option(
        "--trace", "file", type=click.Path(path_type=Path),
        help="A CSV, JSON or Parquet file of answers, or a ServeGen folder  [default: those on the books].",
    ),
    click.option("--since", default="30d", show_default=True, help="Of the books: days like 7d, or a date."),
    click.option(
        "--format", "format_name", default="", metavar="NAME",
        help=f"Whose file it is: {', '.join(NAMES)}; servegen:MODEL is one model of it  [default: by its columns].",
    ),
    click.option(
        "--column", "columns", multiple=True, metavar="WHAT=NAME", help="Which column says what, such as at=ts.",
    ),
    click.option("--model", default="", help="The model of all answers, where no column names it."),
    click.option("--sort", is_flag=True, help="The rows may be in any order."),
    click.option(
        "--start", default="", metavar="DATE",
        help="Moves a file's traffic to begin on this day  [default: as it says; where it says no dates, as --since].",
    ),
    click.option(
        "--prefix-cache", "cache_tokens", type=int, default=PREFIX_CACHE_TOKENS, show_default=True, metavar="TOKENS",
        help="Of Mooncake's: how much a cache of prompt beginnings holds.",
    ),
    click.option(
        "--answers", "answers_most", type=click.IntRange(min=1), default=POOL_ANSWERS, show_default=True,
        help="Of ServeGen's: about how many answers are drawn at most.",
    ),
)  # fmt: skip


def traffic_options(command: Command) -> Command:
    """The options of a command that looks at traffic; they reach it under the names that `opened_traffic` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


async def opened_traffic(
    business: Business, said: Mapping[str, Any]
) -> tuple[AbstractContextManager[Trace], dict[str, str]]:
    """The trace to be opened, and the plan that each customer is on where it is of the books. Raises Invalid."""
    now, in_zone = business.now_us(), business.time_zone
    since_us = start_of_day(first_day(said["since"], now, in_zone), in_zone)
    name = said["format_name"]
    demand_known(name)
    file = said["file"]
    if file is None:
        trace, on = await own_trace(business, since_us, start_of_day(day_number(now, in_zone) + 1, in_zone))
        return nullcontext(trace), on
    start_us = start_of_day(first_day(said["start"], now, in_zone), in_zone) if said["start"] else None
    if is_pool(file) or name.partition(":")[0] == SERVEGEN:
        begin = since_us if start_us is None else start_us
        only = name.partition(":")[2]
        return nullcontext(open_pool(file, only, said["answers_most"], begin, said["seed"])), {}
    reading = Reading(
        columns=_columns(said["columns"]), model=said["model"], sort=said["sort"], format=name, start_us=start_us,
        undated_us=since_us, cache_tokens=said["cache_tokens"],
    )  # fmt: skip
    return open_trace(file, reading), {}


def _columns(said: tuple[str, ...]) -> dict[str, str]:
    for text in said:
        if "=" not in text:
            raise Invalid("bad_trace", f"--column {text[:60]!r}: write it like at=timestamp", param="column")
    return dict(text.split("=", 1) for text in said)
