"""`solvent size fleet`: how many servers a load needs over the day, how busy they are, and what idle hours cost."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec

from solvent.app.business import open_business
from solvent.app.day_fleet import DayLoad, FleetBody, FleetPlan, booked_load, day_fleet, stated_load
from solvent.app.sizing import Wanted
from solvent.cli.here import Screen
from solvent.cli.options import Real, config_option, data_option, json_option, load_config
from solvent.cli.size_amounts import shown
from solvent.cli.size_options import wanted_options
from solvent.cli.wording import speaker
from solvent.pages.estimates import number
from solvent.values.period import day_number, first_day, start_of_day, zone

_HOURS = {"hour": "left", "servers": "right", "servers_peak": "right", "busy": "right"}
_PLANS = {
    "run": "left", "servers": "right", "server_hours": "right", "busy": "right", "rent_month": "right",
    "of_it_idle": "right", "rent_each": "right", "each_busy": "right", "each_idle": "right",
}  # fmt: skip


@click.command("fleet")
@click.argument("model")
@click.option("--on", required=True, metavar="HARDWARE", help="What one server is, such as 4xH100.")
@click.option("--precision", default="", help="Of the weights, such as bf16 fp8 fp4  [default: as published].")
@click.option(
    "--answers-per-second", "answers_per_s", type=Real(0, 1e6, min_open=True), default=None,
    help="The load, on average  [default: that of the books].",
)  # fmt: skip
@click.option(
    "--peak", type=Real(1, 100), default=2.0, show_default=True,
    help="Of a stated load: so many times the average at the busiest.",
)  # fmt: skip
@click.option("--since", default="30d", show_default=True, help="Of the books: days like 7d, or a date.")
@click.option("--of", "sold", default="", metavar="MODEL", help="Of the books: answers of this model alone.")
@data_option
@config_option
@wanted_options
@json_option
def fleet(model: str, on: str, wanted: Wanted, as_json: bool, **said: Any) -> None:  # noqa: FBT001
    """Say how many servers of MODEL a load needs, by the hour, and what the hours cost in which they wait.

    Enough for the busiest hour and a square root to spare. Lengths of a stated load are --input and --output.
    """
    config, near = load_config(said["config_file"], said["data"])

    async def read() -> DayLoad:
        async with open_business(config, said["data"], near) as business:
            now, in_zone = business.now_us(), business.time_zone
            from_us = start_of_day(first_day(said["since"], now, in_zone), in_zone)
            return await booked_load(
                business, from_us, start_of_day(day_number(now, in_zone) + 1, in_zone), said["sold"]
            )

    rate = said["answers_per_s"]
    load = asyncio.run(read()) if rate is None else stated_load(rate, said["peak"], wanted)
    found = day_fleet(load, model, on, wanted)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _tell(found, Screen(speaker(), zone("UTC")))


def _tell(found: FleetBody, screen: Screen) -> None:
    screen.word(
        "fleet_of", model=found.model, hardware=found.hardware, level=screen.say(found.level),
        tokens=found.server_tokens_per_s, low=found.server_tokens_per_s_low, high=found.server_tokens_per_s_high,
    )  # fmt: skip
    screen.word(
        "fleet_load", source=screen.say(found.source), answers=found.answers_month, read=found.input_tokens,
        written=found.output_tokens,
    )  # fmt: skip
    hours = found.hours[:1] if found.source == "as stated" else found.hours
    rows = [
        [
            screen.say("any_hour") if len(hours) == 1 else f"{hour.hour}:00", f"{hour.servers:,}",
            f"{hour.servers_peak:,} ({hour.servers_peak_low:,} - {hour.servers_peak_high:,})",
            f"{hour.busy_permille / 10:g} %",
        ]
        for hour in hours
    ]  # fmt: skip
    screen.table(_HOURS, rows, "nothing_compared")
    screen.line("")
    always, by_hour = found.plans
    plans = [always] if always.rent == by_hour.rent else [always, by_hour]
    screen.table(_PLANS, [_cells(plan, found.currency, screen) for plan in plans], "nothing_compared")
    if not found.plans[0].rent:
        screen.word("no_rent")


def _cells(plan: FleetPlan, currency: str, screen: Screen) -> list[str]:
    amounts = (plan.rent, plan.idle, plan.answer, plan.answer_busy, plan.answer_idle)
    told = [shown(amount, currency, screen) if amount else "" for amount in amounts]
    share = f"{number(plan.busy * 100)} %"
    return [screen.say(plan.run), f"{plan.servers:,}", f"{plan.server_hours_month:,}", share, *told]
