"""`solvent size`: what an answer costs on hardware, before anybody buys it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from solvent.app.sizing import CostBody, SizeBody, Wanted, size
from solvent.cli.here import Screen
from solvent.cli.options import config_option, data_option, json_option
from solvent.cli.size_amounts import shown
from solvent.cli.size_attribute import attribute
from solvent.cli.size_calibrate import calibrate
from solvent.cli.size_compare import compare_all
from solvent.cli.size_fleet import fleet
from solvent.cli.size_keep import demand_free_name, keep_options, leave_sized
from solvent.cli.size_options import wanted_options
from solvent.cli.wording import speaker
from solvent.pages.estimates import number
from solvent.values.period import zone

_OF = "of"  # `solvent size MODEL` is `solvent size of MODEL`


class SizeCommands(click.Group):
    """A first word that is none of its commands is a model to size."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click.Group."""
        named = args and args[0] in self.commands
        return super().resolve_command(ctx, args if named else [_OF, *args])


@click.group("size", cls=SizeCommands, context_settings={"ignore_unknown_options": True})
def command() -> None:
    """Say what an answer costs on hardware, before anybody buys it.

    `solvent size MODEL --on 4xH100` sizes one model; see `solvent size of --help` for all it may be told.
    """


for _one in (attribute, calibrate, compare_all, fleet):
    command.add_command(_one)


@command.command(_OF)
@click.argument("model")
@click.option("--on", required=True, metavar="HARDWARE", help="Such as 4xH100; `cpu` is this machine.")
@click.option("--precision", default="", help="Of the weights, such as bf16 fp8 fp4  [default: as published].")
@click.option(
    "--calibration", type=click.Path(dir_okay=False, path_type=Path), default=None,
    help="What `solvent size calibrate` found of this model on this hardware.",
)  # fmt: skip
@data_option
@config_option
@keep_options
@wanted_options
@json_option
def size_one(model: str, on: str, wanted: Wanted, as_json: bool, **said: Any) -> None:  # noqa: FBT001
    """Size one MODEL: its name, its config.json, or a GGUF file."""
    demand_free_name(said)
    found = size(model, on, wanted)
    screen = Screen(speaker(), zone("UTC"))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _tell(found, screen)
    leave_sized(found, f"{found.model}, {found.hardware}", "", said, screen)


def _tell(found: SizeBody, screen: Screen) -> None:
    say = screen.say
    limit = say("batch_of").format(
        batch=found.batch, limit=found.batch_limit, because=say(f"because_{found.batch_limited_by}")
    )
    parts = say("parts_of_step").format(
        weights=number(found.weights_ms), launching=number(found.launching_ms),
        sequences=number(found.sequences_ms), serving=number(found.serving_ms),
    )  # fmt: skip
    step = say("between").format(
        value=f"{number(found.step_ms)} ms", low=number(found.step_ms_low), high=number(found.step_ms_high)
    )
    facts = {
        "model": found.model,
        "hardware": f"{found.hardware} ({found.hardware_source})",
        "precision": found.precision,
        "level": say(found.level),
        "evidence": found.evidence,
        "batch": limit,
        "step": step,
        "step_parts": parts,
        "first_token": f"{number(found.first_token_ms)} ms",
        "answer_time": f"{number(found.answer_s)} s",
        "tokens_each": number(found.tokens_per_s_each),
        "tokens_all": number(found.tokens_per_s),
        "device_seconds": number(found.device_seconds_per_answer),
        "energy_each": f"{number(found.watt_hours_per_answer)} Wh",
        "joules": number(found.joules_per_token),
    }
    screen.facts(facts)
    if found.cost is None:
        screen.word("no_rent")
    else:
        screen.facts(_cost_facts(found, found.cost, screen))
    if found.level == "bare formula":
        screen.word("bare_advice")


def _cost_facts(found: SizeBody, cost: CostBody, screen: Screen) -> dict[str, str]:
    say = screen.say
    total, low, high = (shown(text, cost.currency, screen) for text in (cost.total, cost.low, cost.high))
    parts = " + ".join(shown(text, cost.currency, screen) for text in (cost.rent, cost.power, cost.extras))
    rent = say("rent_at").format(
        hour=cost.device_hour, currency=cost.currency, busy=found.utilisation, source=cost.price_source
    )
    return {
        "rent": rent,
        "cost_parts": parts,
        "answer_cost": say("between").format(value=total, low=low, high=high),
    }
