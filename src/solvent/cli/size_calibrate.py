"""`solvent size calibrate`: asks a server for a minute, so that estimates of its model on its hardware are close."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import click
import msgspec

from solvent.app.capacity_data import find_fleet, find_model
from solvent.app.foreseen import Answer, Check, Checking, checked, demand_foreseeable
from solvent.app.probe import Probing, probe
from solvent.app.probed import Probed
from solvent.cli.here import Screen
from solvent.cli.options import Real, json_option
from solvent.cli.size_amounts import shown
from solvent.cli.whole_file import write_whole
from solvent.cli.wording import speaker
from solvent.values.errors import Invalid
from solvent.values.period import zone

_MS = 1_000


@click.command("calibrate")
@click.option("--base-url", required=True, metavar="URL", help="Of an OpenAI-compatible API, like http://host:8000/v1.")
@click.option("--model", required=True, help="As the server calls it.")
@click.option("--key-env", default="", metavar="NAME", help="The environment variable that holds the server's key.")
@click.option("--seconds", type=Real(1, 3_600), default=60.0, show_default=True, help="How long to ask.")
@click.option("--at-once", type=click.IntRange(1, 1_024), default=16, show_default=True, help="Questions at once.")
@click.option("--words", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Of a question.")
@click.option(
    "--output", "output_tokens", type=click.IntRange(1, 10_000), default=200, show_default=True,
    help="Tokens of an answer, at most.",
)  # fmt: skip
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Keep what is found here.")
@click.option("--of", "sized", default="", metavar="MODEL", help="Its name or file: say how far estimates are off.")
@click.option("--on", default="cpu", show_default=True, metavar="HARDWARE", help="What the server runs on; with --of.")
@click.option("--rate", "device_hour", default="", metavar="AMOUNT", help="What one device costs an hour; with --of.")
@click.option("--currency", default="USD", show_default=True, help="Of that.")
@click.option(
    "--check-at-once", type=click.IntRange(1, 1_024), default=None,
    help="Questions at once of the check; with --of  [default: half as many].",
)  # fmt: skip
@json_option
def calibrate(
    to: Path | None, key_env: str, as_json: bool, sized: str, on: str, device_hour: str, currency: str,  # noqa: FBT001
    check_at_once: int | None, **how: object,
) -> None:  # fmt: skip
    """Ask a server for a minute and say what a token takes; `--calibration` gives it to `solvent size`.

    Mid load corrects best: about half of the answers at once that are meant later. Answers cost what they cost there.
    With --of it then asks for a second minute, at another load, and says beside what that cost what was foreseen.
    """
    if key_env and not os.environ.get(key_env):
        raise Invalid("bad_request", f"the environment has no {key_env}; set it to the server's key", param="key_env")
    probing = msgspec.convert({**how, "api_key": os.environ.get(key_env, "") if key_env else ""}, Probing)
    screen = Screen(speaker(), zone("UTC"))
    checking = None
    if sized:
        half = check_at_once or max(1, probing.at_once // 2)
        checking = Checking(find_model(sized), find_fleet(on), half, device_hour, currency)
        demand_foreseeable(checking, probing.words, probing.output_tokens)  # or it were found out after a minute
    if not as_json:
        screen.word("probing", url=probing.base_url, seconds=probing.seconds)
    found = asyncio.run(probe(probing, time.time_ns()))
    if to is not None:
        write_whole(to, f"{_json(found)}\n", "to")
    if not as_json:
        _tell(found, to, screen)
    check = None
    if checking is not None:
        again = msgspec.structs.replace(probing, at_once=checking.at_once)
        if not as_json:
            screen.word("probing", url=again.base_url, seconds=again.seconds)
        check = checked(checking, found, asyncio.run(probe(again, time.time_ns())))
    if as_json:
        click.echo(_json(found if check is None else {**msgspec.structs.asdict(found), "check": check}))
    elif check is not None:
        _tell_check(check, screen)


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _tell_check(check: Check, screen: Screen) -> None:
    def cells(answer: Answer) -> list[str]:
        cost, *ends = (
            shown(text, check.currency, screen) if text else "" for text in (answer.cost, answer.low, answer.high)
        )  # fmt: skip
        return [cost, "–".join(ends) if all(ends) else screen.say("too_short_to_tell")]

    screen.word("check_of", model=check.model, hardware=check.hardware, at_once=check.at_once)
    foreseen = (check.by_probe, check.by_itself)
    rows = [
        [screen.say("check_measured"), *cells(check.measured), ""],
        *([screen.say(one.level), *cells(one.answer), f"{one.off:+.0%}"] for one in foreseen),
    ]
    columns = {"known_from": "left", "check_cost": "right", "check_interval": "right", "check_off": "right"}
    screen.table(columns, rows, "nothing_compared")


def _tell(found: Probed, to: Path | None, screen: Screen) -> None:
    screen.word(
        "probed", answers=found.answers, batch=found.batch, tokens=found.tokens_per_s, step=found.step_s * _MS,
        first=found.first_token_s * _MS, input=found.input_tokens, output=found.output_tokens,
    )  # fmt: skip
    if to is not None:
        screen.word("kept_calibration", file=to)
