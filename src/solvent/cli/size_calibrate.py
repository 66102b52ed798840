"""`solvent size calibrate`: asks a server for a minute, so that estimates of its model on its hardware are close."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import click
import msgspec

from solvent.app.probe import Probing, probe
from solvent.app.probed import Probed
from solvent.cli.here import Screen
from solvent.cli.options import Real, json_option
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
@json_option
def calibrate(to: Path | None, key_env: str, as_json: bool, **how: object) -> None:  # noqa: FBT001
    """Ask a server for a minute and say what a token takes; `--calibration` gives it to `solvent size`.

    Mid load corrects best: about half of the answers at once that are meant later. Answers cost what they cost there.
    """
    if key_env and not os.environ.get(key_env):
        raise Invalid("bad_request", f"the environment has no {key_env}; set it to the server's key", param="key_env")
    probing = msgspec.convert({**how, "api_key": os.environ.get(key_env, "") if key_env else ""}, Probing)
    screen = Screen(speaker(), zone("UTC"))
    if not as_json:
        screen.word("probing", url=probing.base_url, seconds=probing.seconds)
    found = asyncio.run(probe(probing, time.time_ns()))
    told = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    if to is not None:
        write_whole(to, f"{told}\n", "to")
    if as_json:
        click.echo(told)
    else:
        _tell(found, to, screen)


def _tell(found: Probed, to: Path | None, screen: Screen) -> None:
    screen.word(
        "probed", answers=found.answers, batch=found.batch, tokens=found.tokens_per_s, step=found.step_s * _MS,
        first=found.first_token_s * _MS, input=found.input_tokens, output=found.output_tokens,
    )  # fmt: skip
    if to is not None:
        screen.word("kept_calibration", file=to)
