"""`solvent simulate fit`: what traffic there is, in a few numbers with intervals, to generate more like it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from solvent.app.business import open_business
from solvent.cli.here import Screen
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.cli.simulate_traffic import opened_traffic, traffic_options
from solvent.cli.wording import speaker
from solvent.simulation.fitted import Fit, fit
from solvent.simulation.traffic import HOURS
from solvent.values.errors import Invalid
from solvent.values.limits import SEED_MAX
from solvent.values.period import zone

_COLUMNS: Final = {"number": "left", "likeliest": "right", "low_end": "right", "high_end": "right"}


@click.command("fit")
@data_option
@config_option
@traffic_options
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    default=1,
    show_default=True,
    help="The same seed resamples the same customers.",
)
@click.option(
    "--into", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the numbers into this JSON file, for --generate.",
)  # fmt: skip
@json_option
def fit_command(
    data: Path, config_file: Path | None, into: Path | None, as_json: bool, **said: Any,  # noqa: FBT001
) -> None:  # fmt: skip
    """Fit generated traffic to traffic that there is: inequality and tail, rhythm, bursts and lengths."""
    config, near = load_config(config_file, data)
    in_zone = zone(config.time_zone)

    async def fitted() -> Fit:
        async with open_business(config, data, near) as business:
            opened, _ = await opened_traffic(business, said)
            with opened as trace:
                return fit(trace, in_zone, said["seed"])

    found = asyncio.run(fitted())
    if into is not None:
        try:
            into.write_bytes(msgspec.json.format(msgspec.json.encode(found.traffic), indent=2) + b"\n")
        except OSError as wrong:
            raise Invalid("cannot_write_file", f"{into} cannot be written: {wrong.strerror}", param="into") from None
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _tell(found, Screen(speaker(), in_zone), into)


def _tell(found: Fit, screen: Screen, into: Path | None) -> None:
    screen.word(
        "fitted", source=found.source, customers=found.customers, answers=found.answers, days=found.days,
        level=100 * found.level,
    )  # fmt: skip
    rows = [
        [screen.say(f"fit_{name}"), *(f"{value:,.3g}" for value in (one.value, one.low, one.high))]
        for name, one in found.intervals.items()
    ]
    screen.table(_COLUMNS, rows, "no_scenarios")
    tail = found.activity.tail
    if tail is not None:
        word = "tail_pareto" if found.activity.is_pareto else "tail_lognormal"
        share = 100 * tail.customers / (found.customers + found.activity.unseen)
        screen.word(
            word, customers=tail.customers, share=share, start=tail.start, index=tail.index.value, low=tail.index.low,
            high=tail.index.high, score=tail.against_lognormal,
        )  # fmt: skip
    hours = found.traffic.hours
    busiest, quietest = (hours.index(pick(hours)) for pick in (max, min))
    assert len(hours) == HOURS
    screen.word(
        "fit_rhythm", busiest=busiest, most=hours[busiest], quietest=quietest, least=hours[quietest],
        week=", ".join(f"{weight:.2f}" for weight in found.traffic.weekdays),
    )  # fmt: skip
    for doubt in found.doubts:
        screen.line(doubt)
    if into is not None:
        screen.word("fit_written", file=into)
