"""Which traffic a simulation is of: the options that say so, and the trace they come to."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np

from solvent.answering.receipt_store import first_question
from solvent.app.business import Business
from solvent.app.traffic import own_trace, sold_by
from solvent.cli.whole_file import whole_file
from solvent.simulation.formats import NAMES, SERVEGEN, demand_known
from solvent.simulation.generated import generated
from solvent.simulation.note import note
from solvent.simulation.rated import INPUT_BUCKETS, OUTPUT_BUCKETS, summed
from solvent.simulation.servegen_store import is_pool, open_pool
from solvent.simulation.trace import Trace
from solvent.simulation.trace_store import Reading, open_trace
from solvent.simulation.traffic import Traffic, demand_possible, traffic_said
from solvent.values.errors import Invalid
from solvent.values.limits import POOL_ANSWERS, PREFIX_CACHE_TOKENS, TRAFFIC_FILE_BYTES_MAX
from solvent.values.period import day_name, day_number, first_day, start_of_day

Command = Callable[..., Any]
_WRITTEN = ("at", "customer", "model", "input_tokens", "output_tokens")
_OPTIONS = (
    click.option(
        "--trace", "file", type=click.Path(path_type=Path),
        help="A CSV, JSON or Parquet file of answers, or a ServeGen folder  [default: those on the books].",
    ),
    click.option(
        "--generate", default="", metavar="[FILE,]NAME=NUMBER,...",
        help="Traffic nobody asked: customers=1000,days=30; FILE is one of simulate fit.",
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


def is_own(said: Mapping[str, Any]) -> bool:
    """Whether the traffic is that of the books."""
    return said["file"] is None and not said["generate"]


def own_span(business: Business, said: Mapping[str, Any]) -> tuple[int, int]:
    """From the first instant of the first day until the last of today: as days are counted, so are fees."""
    now, in_zone = business.now_us(), business.time_zone
    first = first_day(said["since"], now, in_zone)
    return start_of_day(first, in_zone), start_of_day(day_number(now, in_zone) + 1, in_zone)


async def opened_traffic(
    business: Business, said: Mapping[str, Any]
) -> tuple[AbstractContextManager[Trace], dict[str, str]]:
    """The trace to be opened, and the plan that each customer is on where it is of the books. Raises Invalid."""
    now, in_zone = business.now_us(), business.time_zone
    since_us, _ = own_span(business, said)
    name = said["format_name"]
    demand_known(name)
    file = said["file"]
    if said["generate"]:
        if file is not None:
            raise Invalid("bad_traffic", "traffic is of a file or generated: say --trace or --generate", param="trace")
        return nullcontext(_generated(business, said)), {}
    if file is None:
        first = await business.database.read(first_question)
        begun_us = 0 if first is None else start_of_day(day_number(first, in_zone), in_zone)
        return await own_trace(business.database, *own_span(business, said), begun_us)
    start_us = start_of_day(first_day(said["start"], now, in_zone, "start"), in_zone) if said["start"] else None
    kind, _, only = name.partition(":")
    if is_pool(file) or kind == SERVEGEN:
        if kind not in ("", SERVEGEN):
            message = f"--format {name}: {file} holds a pool of clients; only {SERVEGEN} reads one"
            raise Invalid("bad_trace", message, param="format")
        begin = since_us if start_us is None else start_us
        return nullcontext(open_pool(file, only, said["answers_most"], begin, said["seed"])), {}
    reading = Reading(
        columns=_columns(said["columns"]), model=said["model"], sort=said["sort"], format=name, start_us=start_us,
        undated_us=since_us, cache_tokens=said["cache_tokens"],
    )  # fmt: skip
    return open_trace(file, reading), {}


def _generated(business: Business, said: Mapping[str, Any]) -> Trace:
    """Up to today, where no day to begin on was said."""
    now, in_zone = business.now_us(), business.time_zone
    traffic = _traffic(said["generate"])
    day = (
        first_day(said["start"], now, in_zone, "start")
        if said["start"]
        else day_number(now, in_zone) + 1 - traffic.days
    )
    model = said["model"]
    if not model and not traffic.models:
        sold = tuple(sold_by(business.config, business.cards()))
        if len(sold) != 1:
            message = f"say which model answers generated traffic with --model; sold are: {', '.join(sold)[:500]}"
            raise Invalid("bad_traffic", message, param="model")
        (model,) = sold
    if model:
        traffic = msgspec.structs.replace(traffic, models={})
    trace = generated(traffic, start_of_day(day, in_zone), in_zone, said["seed"], model)
    again = f"--generate {said['generate']} --start {day_name(day)} --seed {said['seed']}"
    return msgspec.structs.replace(trace, notes=(note("again", command=again),))


def _traffic(text: str) -> Traffic:
    first, _, rest = text.partition(",")
    if not first.endswith(".json"):
        return traffic_said(text, Traffic())
    try:
        with Path(first).open("rb") as file:
            known = msgspec.json.decode(file.read(TRAFFIC_FILE_BYTES_MAX), type=Traffic)
    except (OSError, msgspec.MsgspecError) as wrong:
        message = f"{first} holds no numbers of traffic as simulate fit --into writes them: {wrong}"
        raise Invalid("bad_traffic", message, param="generate") from None
    return traffic_said(rest, demand_possible(known))


def write_trace(trace: Trace, file: Path) -> None:
    """Whole or not at all. Raises Invalid where that cannot be."""
    beside = sorted({name for block in trace.read() for name, column in block.used.items() if column.any()})
    beside = [bucket for bucket in beside if bucket not in ("input_tokens", "output_tokens")]
    with whole_file(file, "write_trace") as written_to, TextIOWrapper(written_to, "utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow((*_WRITTEN, *beside))
        for block in trace.read():
            at = np.datetime_as_string(block.at_us.astype("datetime64[us]"), timezone="UTC").tolist()
            nothing = np.zeros(block.answers, np.int64)
            amounts = (
                summed(block.used, INPUT_BUCKETS, block.answers), summed(block.used, OUTPUT_BUCKETS, block.answers),
                *(block.used.get(bucket, nothing) for bucket in beside),
            )  # fmt: skip
            whose = [trace.customers[place] for place in block.customer.tolist()]
            which = [trace.models[place] for place in block.model.tolist()]
            rows.writerows(zip(at, whose, which, *(column.tolist() for column in amounts), strict=True))


def _columns(said: tuple[str, ...]) -> dict[str, str]:
    for text in said:
        if "=" not in text:
            raise Invalid("bad_trace", f"--column {text[:60]!r}: write it like at=timestamp", param="column")
    return dict(text.split("=", 1) for text in said)
