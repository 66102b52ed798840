"""`solvent size compare`: models, hardware, precisions and API prices in one table and one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import click
import msgspec
from msgspec import Meta

from solvent.app.build import now_us
from solvent.app.cards import read_cards
from solvent.app.comparing import Api, CompareBody, Compared, ComparedRow, compare
from solvent.app.routes import read_exchanges
from solvent.app.sizing import Wanted
from solvent.cli.here import Screen
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.cli.size_amounts import shown
from solvent.cli.size_keep import demand_free_name, keep_options, leave_sized
from solvent.cli.size_options import wanted_options
from solvent.cli.size_picture import picture
from solvent.cli.whole_file import write_whole
from solvent.cli.wording import Speaker, speaker
from solvent.pages.estimates import number
from solvent.pricing.rate_card import RateCard, card_at
from solvent.values.errors import Invalid, NotFound
from solvent.values.period import zone

_COLUMNS = {
    "model": "left", "runs_on": "left", "precision": "left", "batch": "right", "answer_cost": "right",
    "whole_answer": "right", "first_token": "right", "tokens_all": "right", "level": "left", "best_by": "left",
}  # fmt: skip
_BATCHES_MAX = 64
_DASH = "–"
_Milliseconds = Annotated[float, Meta(ge=0, le=1e9)]


@click.command("compare")
@click.option("--model", "models", multiple=True, help="A name, config.json or GGUF file; may be repeated.")
@click.option("--on", "hardware", multiple=True, metavar="HARDWARE", help="Such as 4xH100; may be repeated.")
@click.option("--count", "counts", multiple=True, type=click.IntRange(1, 1024), help="Devices; may be repeated.")
@click.option("--precision", "precisions", multiple=True, help="May be repeated  [default: as published].")
@click.option(
    "--batches", default="", metavar="N,N,...", help="Each at so many answers at once; 0 is the most that fit."
)
@click.option(
    "--api", "apis", multiple=True, metavar="CARD[=FIRST_MS,TOKEN_MS]",
    help="The price on a rate card, and how long its first token and each other take; may be repeated.",
)  # fmt: skip
@click.option(
    "--picture", "to", type=click.Path(dir_okay=False, path_type=Path), default=None,
    help="Draw cost against waiting into this .svg or .html file.",
)  # fmt: skip
@data_option
@config_option
@keep_options
@wanted_options
@json_option
def compare_all(wanted: Wanted, to: Path | None, as_json: bool, **said: Any) -> None:  # noqa: FBT001
    """Compare models, hardware, precisions and API prices: what an answer costs against how long it takes.

    What nothing else beats is marked: for each wait the cheapest, for each cost the quickest.
    """
    demand_free_name(said)
    config, near = load_config(said["config_file"], said["data"])
    at_us, exchanges = now_us(), read_exchanges(config)
    asked = Compared(
        models=said["models"], hardware=said["hardware"], counts=said["counts"], precisions=said["precisions"] or ("",),
        batches=_batches(said["batches"], wanted), apis=tuple(_api(text) for text in said["apis"]),
    )  # fmt: skip
    cards = read_cards(near, exchanges) if asked.apis else {}

    def priced(name: str) -> RateCard:
        card = card_at(cards.get(name, ()), at_us)
        if card is None:
            message = f"no rate card {name[:80]!r} is in force; `solvent prices list` names them, `import` adds more"
            raise NotFound("no_such_card", message, param="api")
        return card

    found = compare(asked, wanted, priced, exchanges, at_us)
    screen = Screen(speaker(), zone("UTC"))
    if to is not None:
        _write(to, picture(found, screen.say, as_page=to.suffix == ".html"))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _tell(found, to, screen)
    source = ", ".join(dict.fromkeys(row.model for row in found.rows)) or "–"
    drawn = picture(found, Speaker(said["language"] or screen.say.language), as_page=False)
    leave_sized(found, source, drawn, said, screen)


def _batches(text: str, wanted: Wanted) -> tuple[int, ...]:
    if not text:
        return (wanted.batch,)
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > _BATCHES_MAX or not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        raise Invalid("bad_request", f"--batches {text[:60]!r}: write it like 1,8,64,0", param="batches")
    return tuple(dict.fromkeys(map(int, parts)))


def _api(text: str) -> Api:
    """Reads "card" or "card=300,12". Raises Invalid for anything else."""
    card, is_there, waits = text.partition("=")
    first, comma, each = waits.partition(",")
    if not is_there:
        return Api(card)
    try:
        found = msgspec.convert({"first": first, "each": each}, _Waits, strict=False)
    except msgspec.ValidationError:
        found = None
    if found is None or not comma or not card:
        message = f"--api {text[:80]!r}: write it like CARD, or CARD=300,12 where its first token takes 300 ms"
        raise Invalid("bad_request", f"{message} and each other 12", param="api")
    return Api(card, found.first, found.each)


class _Waits(msgspec.Struct):
    first: _Milliseconds
    each: _Milliseconds


def _write(to: Path, text: str) -> None:
    if to.suffix not in (".svg", ".html"):
        raise Invalid("bad_request", f"--picture {to}: name a .svg or .html file", param="picture")
    write_whole(to, text, "picture")


def _tell(found: CompareBody, to: Path | None, screen: Screen) -> None:
    screen.word(
        "compared", read=found.input_tokens, written=found.output_tokens, busy=found.utilisation,
        token_ms=found.ms_per_token_max,
    )  # fmt: skip
    screen.table(_COLUMNS, [_cells(row, found.currency, screen) for row in found.rows], "nothing_compared")
    for told in dict.fromkeys(_problem(row, screen) for row in found.rows if row.problem is not None):
        screen.line(told)
    if to is not None:
        screen.word("drew", file=to)


def _problem(row: ComparedRow, screen: Screen) -> str:
    """What is wrong with a row, named once, and what would do."""
    assert row.problem is not None
    told = row.problem.message
    if not told.startswith((row.model, row.on)):
        told = f"{row.model}, {row.on}, {row.precision}: {told}"
    fits = ", ".join(row.problem.would_fit)
    return f"{told}\n{screen.say('would_fit').format(fits=fits)}" if fits else told


def _cells(row: ComparedRow, currency: str, screen: Screen) -> list[str]:
    cost = _DASH
    if row.cost:
        cost = shown(row.cost, currency, screen)
        if row.cost_low != row.cost_high:
            low, high = (shown(text, currency, screen) for text in (row.cost_low, row.cost_high))
            cost = screen.say("between").format(value=cost, low=low, high=high)
    seconds = _DASH if row.answer_s is None else f"{number(row.answer_s)} s"
    first = _DASH if row.first_token_ms is None else f"{number(row.first_token_ms)} ms"
    best = ", ".join(screen.say(f"best_{by}") for by in row.best_by)
    level = screen.say("does_not_work") if row.problem and not row.level else screen.say(row.level)
    return [
        row.model, f"{row.on} ({row.dated})" if row.kind == "api" else row.on, row.precision,
        f"{row.batch:,}" if row.batch else "", cost, seconds, first,
        number(row.tokens_per_s) if row.tokens_per_s else "", level, best,
    ]  # fmt: skip
