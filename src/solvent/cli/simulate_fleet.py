"""How `solvent simulate` is asked for a fleet, and how it tells people of break-even and of servers by the hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from solvent.app.serving_fleet import fleet_for
from solvent.app.sizing import Wanted
from solvent.cli.here import Screen
from solvent.cli.options import Real
from solvent.simulation.fleet import FleetNeeded
from solvent.simulation.outcome import Outcome
from solvent.simulation.pays_for import PaysFor
from solvent.values.errors import Invalid

Command = Callable[..., Any]
_HOURS: Final = {"hour": "left", "servers": "right", "servers_peak": "right", "busy": "right"}
_OPTIONS: Final = (
    click.option("--serve", default="", metavar="MODEL", help="Say how many servers of this model it needs, by hour."),
    click.option("--on", default="", metavar="HARDWARE", help="What one server is, such as 4xH100."),
    click.option("--rate", default="", metavar="AMOUNT", help="What one device costs an hour."),
    click.option("--per-usd", default="", metavar="AMOUNT", help="A dollar in your currency, for rents listed in USD."),
    click.option("--precision", default="", help="Of the weights, such as bf16 fp8 fp4  [default: as published]."),
    click.option(
        "--token-ms", type=Real(0, 1e7, min_open=True), default=50.0, show_default=True,
        help="The longest wait for a token.",
    ),
    click.option(
        "--calibration", type=click.Path(dir_okay=False, path_type=Path), default=None,
        help="What `solvent size calibrate` found of this model on this hardware.",
    ),
)  # fmt: skip


def fleet_options(command: Command) -> Command:
    """Adds the options that `asked_fleet` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked_fleet(outcome: Outcome, said: Mapping[str, Any]) -> FleetNeeded | None:
    """The fleet that was asked for; None where none was. Raises Invalid saying what to mend."""
    if not said["serve"] and not said["on"]:
        return None
    if not said["serve"] or not said["on"]:
        message = "--serve MODEL and --on HARDWARE go together: say which model answers, and on what"
        raise Invalid("bad_scenario", message, param="serve")
    wanted = Wanted(
        precision=said["precision"], ms_per_token_max=said["token_ms"], device_hour=said["rate"],
        per_usd=said["per_usd"], calibration=said["calibration"],
    )  # fmt: skip
    return fleet_for(outcome, said["serve"], said["on"], wanted)


def tell_fleet(outcome: Outcome, fleet: FleetNeeded, screen: Screen) -> None:
    """Servers by the hour, and what they come to a month."""
    server = fleet.server
    screen.word(
        "fleet_of", model=server.model, hardware=server.hardware, level=screen.say(server.level),
        tokens=server.tokens_per_s, low=server.tokens_per_s_low, high=server.tokens_per_s_high,
    )  # fmt: skip
    rows = [
        [
            f"{hour.hour}:00", f"{hour.servers:,}",
            f"{hour.servers_peak:,} ({hour.servers_peak_low:,} - {hour.servers_peak_high:,})",
            f"{hour.busy_permille / 10:g} %",
        ]
        for hour in fleet.hours
    ]  # fmt: skip
    screen.table(_HOURS, rows, "no_scenarios")
    screen.word("fleet_always", servers=fleet.servers_always, busy=fleet.busy_permille / 10)
    if fleet.always_month_grains is not None and fleet.by_hour_month_grains is not None:
        always, by_hour = (
            screen.say.money(outcome.money(grains), 2)
            for grains in (fleet.always_month_grains, fleet.by_hour_month_grains)
        )  # fmt: skip
        screen.word("fleet_costs", always=always, by_hour=by_hour)


def tell_pays_for(outcome: Outcome, found: list[PaysFor], screen: Screen) -> None:
    """Where each plan breaks even, a line each."""
    for one in found:
        price, low, high = (
            screen.say.money(outcome.money(grains), 2)
            for grains in (one.price_grains.usual, one.price_grains.low, one.price_grains.high)
        )
        said: dict[str, object] = {"scenario": outcome.scenario, "plan": one.plan}
        said |= {"price": price, "price_low": low, "price_high": high}
        if one.answers_month is None:
            screen.word("pays_always", **said)
        else:
            answers = one.answers_month
            screen.word(
                "pays_for", **said, answers=answers.usual, low=answers.low, high=answers.high, beyond=one.beyond
            )
