"""`solvent size attribute`: who took how much of a shared engine, exactly, and what usual rules would have charged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from solvent.app.engine_logs import AttributionBody, MadeBody, attribute_log, bill_of, made_body, write_shares
from solvent.capacity.attribution import RuleError
from solvent.cli.here import Screen
from solvent.cli.options import json_option
from solvent.cli.wording import speaker
from solvent.values.errors import Invalid
from solvent.values.period import zone

_NS: int = 10**9


@click.command("attribute")
@click.argument("log", required=False, type=click.Path(path_type=Path))
@click.option(
    "--column", "columns", multiple=True, metavar="WHAT=NAME", help="Which column says what, such as arrive=t0."
)
@click.option(
    "--bill", default="", metavar="AMOUNT", help="What the engine cost over the log; idle time has its own part."
)
@click.option("--currency", default="USD", show_default=True, help="Of the bill.")
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), default=None, help="A CSV of every answer's share."
)
@click.option(
    "--made", type=click.FloatRange(0, 1000, min_open=True), default=None, metavar="PER_SECOND",
    help="Instead of a log, a load that is made up, of which every step is known.",
)  # fmt: skip
@click.option("--answers", type=click.IntRange(1, 100_000), default=3_000, show_default=True, help="Of a made-up load.")
@json_option
def attribute(
    log: Path | None, columns: tuple[str, ...], bill: str, currency: str, to: Path | None, made: float | None,
    answers: int, as_json: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Split the time of an engine among the answers of its LOG, exactly.

    LOG is a CSV, JSON lines (.jsonl) or Parquet file with a row for each answer: when it was taken up (arrive), when
    its first token came, when it finished, and its tokens.
    """
    if (log is None) == (made is None):
        raise Invalid("bad_engine_log", "name a LOG to split, or --made PER_SECOND for a load that is made up")
    screen = Screen(speaker(), zone("UTC"))
    found: AttributionBody | MadeBody
    if log is None:
        found = made_body(made or 1, answers)
    else:
        found = attribute_log(log, _columns(columns), bill_of(bill, currency))
        if to is not None:
            write_shares(found, to)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif isinstance(found, MadeBody):
        busy = float(Fraction(found.busy_permille, 10))
        screen.facts({"answers": f"{found.answers:,}", "busy_of_engine": f"{busy:.1f} %"})
        _tell_rules(found.rules, screen)
    else:
        _tell(found, screen)


def _columns(said: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for one in said:
        what, is_one, name = one.partition("=")
        if not is_one:
            raise Invalid("bad_engine_log", f"--column {one}: write WHAT=NAME, such as arrive=t0", param="column")
        pairs[what] = name
    return pairs


def _tell(found: AttributionBody, screen: Screen) -> None:
    span = found.busy_ns + found.idle_ns
    facts = {
        "answers": f"{found.answers:,}",
        "level": screen.say(f"level_{found.level}"),
        "busy_time": _seconds(found.busy_ns, span),
        "idle_time": _seconds(found.idle_ns, span),
        "shares_sum": f"{float(Fraction(found.shares_ns, _NS)):,.9f} s",
    }
    if found.by_presence and found.level != "presence":
        facts["by_presence"] = f"{found.by_presence:,}"
    if found.bill:
        facts |= {"bill": f"{found.bill} {found.currency}", "idle_cost": f"{found.idle_cost} {found.currency}"}
    screen.facts(facts)
    _tell_rules(found.rules, screen)


def _tell_rules(rules: list[RuleError], screen: Screen) -> None:
    say = screen.say
    if not rules:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(say("rule"))
    for heading in ("off_median", "off_p95", "long_questions"):
        table.add_column(say(heading), justify="right", overflow="fold")
    for one in rules:
        table.add_row(say(f"rule_{one.rule}"), f"{one.median:.1%}", f"{one.p95:.0%}", f"{one.long_questions:.2f}x")
    Console(highlight=False, soft_wrap=True).print(table)


def _seconds(ns: int, span: int) -> str:
    share = float(Fraction(ns, span or 1))
    return f"{float(Fraction(ns, _NS)):,.9f} s ({share:.1%})"
