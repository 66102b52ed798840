"""`solvent report`: the profit and loss, from the books, whether or not the service is running."""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction
from pathlib import Path
from typing import Final, get_args

import click
import msgspec
from rich.console import Console
from rich.table import Table

from solvent.app.business import open_business
from solvent.app.fall import Fall, fall
from solvent.app.report import Order, Report, Shown, Span, report
from solvent.app.report_body import report_body
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.cli.wording import Speaker, decimals, speaker
from solvent.margin.line import GroupBy, MarginLine
from solvent.values.instant import HOUR_US
from solvent.values.limits import REPORT_CUSTOMERS, REPORT_CUSTOMERS_MAX
from solvent.values.money import Money
from solvent.values.period import day_number, first_day

# Not counted in tokens: shown where there are any.
_BESIDE: Final = ("pictures", "characters", "minutes", "video_seconds")
_COLUMNS: Final = ("group", "answers", "revenue", "plans", "cost", "margin", "cost_each", "charge_each", *_BESIDE)
_MS_PER_MINUTE: Final = 60_000
_WIDE: Final = 100  # characters; what is narrower leaves out what answers are charged each, or both amounts of each


@click.command("report")
@data_option
@config_option
@click.option("--since", default="30d", show_default=True, help="Days like 7d (today counts), or a date.")
@click.option(
    "--group-by", "group_by", default="model", show_default=True, type=click.Choice(list(get_args(GroupBy))),
    help="What to sum by.",
)  # fmt: skip
@click.option(
    "--limit",
    default=REPORT_CUSTOMERS,
    show_default=True,
    type=click.IntRange(1, REPORT_CUSTOMERS_MAX),
    help="By customer: how many at most.",
)
@click.option(
    "--order",
    default="losers",
    show_default=True,
    type=click.Choice(list(get_args(Order))),
    help="By customer: the least margin first, or the most.",
)
@json_option
def command(
    data: Path, config_file: Path | None, since: str, group_by: GroupBy, limit: int, order: Order, as_json: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Print the profit and loss, and where each plan breaks even."""
    config, near = load_config(config_file, data)

    async def read() -> tuple[Report, Fall]:
        async with open_business(config, data, near) as business:
            now = business.now_us()
            span = Span(first_day(since, now, business.time_zone), day_number(now, business.time_zone))
            shown = Shown(group_by, limit, order)
            fallen = await fall(span, business.currency, business.time_zone, business.database)
            return await report(shown, span, business.currency, business.database), fallen

    made, fallen = asyncio.run(read())
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report_body(made, fallen.steps)), indent=2, ensure_ascii=False))
    else:
        _print(made, order, speaker())


def _print(made: Report, order: Order, say: Speaker) -> None:
    screen = Console(highlight=False, soft_wrap=True)
    if not made.lines:
        screen.print(say("no_answers").format(days=made.days))
        _print_idle(made, screen, say)
        return
    has_plans = any(line.earned.grains for line in (made.total, *made.lines))
    screen.print(say.sentence(made.total.margin, made.days, has_plans=has_plans))
    places = _places(made.total)
    rows = [_cells(line, made, say, places) for line in made.lines]
    last = _cells(made.total, made, say, places)
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=len(rows) > 1 or rows[0][1:] != last[1:])
    left_out = _left_out(made.total, is_wide=screen.width >= _WIDE, has_plans=has_plans)
    shown = [n for n, name in enumerate(_COLUMNS) if name not in left_out]
    for n in shown:
        heading = say(_COLUMNS[n]) if n else say(made.group_by)
        footer = last[n] if n else say("total")
        table.add_column(heading, footer, justify="right" if n else "left", no_wrap=n > 0, overflow="fold")
    for row in rows:
        table.add_row(*(row[n] for n in shown))
    screen.print(table)
    if made.customers is not None and made.customers > len(made.lines):
        which = say("least" if order == "losers" else "most")
        screen.print(say("some_customers").format(shown=len(made.lines), which=which, count=made.customers))
    if made.total.sums.failed:
        screen.print(say("failed").format(count=made.total.sums.failed))
    _print_idle(made, screen, say)
    for standing in made.plans:
        screen.print(say.standing(standing))


def _print_idle(made: Report, screen: Console, say: Speaker) -> None:
    """What being there cost, which no line above has."""
    for line in made.availability:
        hours = float(Fraction(line.idle_us, HOUR_US))
        busy = float(Fraction(line.busy_permille, 10))
        screen.print(say("idle").format(model=line.model, hours=f"{hours:,.2f}", busy=busy, cost=say.money(line.idle)))
    if made.idle.grains:
        screen.print(say("after_idle").format(amount=say.money(made.total.margin - made.idle)))


def _left_out(total: MarginLine, *, is_wide: bool, has_plans: bool) -> set[str]:
    left_out = {name for name, text in zip(_BESIDE, _beside(total), strict=True) if not text}
    has_beside = len(left_out) < len(_BESIDE)
    if not has_plans:
        left_out.add("plans")
    if not is_wide and (has_plans or has_beside):
        left_out.add("charge_each")
    if not is_wide and has_beside:
        left_out.add("cost_each")
    return left_out


def _beside(line: MarginLine) -> list[str]:
    sums = line.sums
    minutes = Fraction(sums.audio_input_ms, _MS_PER_MINUTE)
    counts = (f"{count:,}" if count else "" for count in (sums.pictures, sums.characters))
    video = f"{sums.video_seconds:,}" if sums.video_seconds else ""
    return [*counts, f"{float(minutes):,.1f}" if minutes else "", video]


def _amounts(line: MarginLine) -> list[Money | None]:
    return [line.charge, line.earned, line.cost, line.margin, line.cost_each, line.charge_each]


def _places(total: MarginLine) -> list[int]:
    """Each column has one number of decimals, so that what stands in it adds up in view; the four amounts share
    theirs with the finest of them."""
    places = [decimals(amount) if amount else 0 for amount in _amounts(total)]
    return [max(places[:4])] * 4 + places[4:]


def _cells(line: MarginLine, made: Report, say: Speaker, places: list[int]) -> list[str]:
    amounts = zip(_amounts(line), places, strict=True)
    name = made.names.get(line.name, line.name) or say("plans_and_packs")
    texts = (say.money(money, n) if money else "" for money, n in amounts)
    return [name, f"{line.sums.answers:,}", *texts, *_beside(line)]
