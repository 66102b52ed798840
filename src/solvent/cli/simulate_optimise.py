"""`solvent simulate optimise`: which shape of tariff leaves most, by what an answer costs, and the plan it comes to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from solvent.app.build import now_us
from solvent.app.business import open_business
from solvent.app.clusters import open_cluster
from solvent.app.config import Config
from solvent.app.database import has_books
from solvent.app.reacting import dollar_rate
from solvent.app.tariffs import advised, contestants, cost_each, plan_text, price_card, tariff_plan
from solvent.cli.here import Screen
from solvent.cli.options import config_option, data_option, json_option, load_config, spread_option
from solvent.cli.reports import about_now
from solvent.cli.simulate_contest import tell_contest
from solvent.cli.simulate_contest_report import contest_page, contest_said
from solvent.cli.simulate_keep import Finding, demand_keepable, keep_options, leave, leave_page
from solvent.cli.simulate_prepared import Prepared, prepared
from solvent.cli.simulate_progress import Progress
from solvent.cli.simulate_traffic import is_own, traffic_options
from solvent.cli.whole_file import write_whole
from solvent.cli.wording import speaker
from solvent.pricing.rate_card import RateCard
from solvent.simulation.demand_assumption import demand_assumed
from solvent.simulation.kept_run import Brief
from solvent.simulation.scenario import Sold
from solvent.simulation.spread import Spread
from solvent.simulation.tariff_contest import Contest, Contestants, contest
from solvent.simulation.tariff_search import SHAPES, Terms
from solvent.values.errors import Invalid
from solvent.values.instant import utc
from solvent.values.limits import SEED_MAX
from solvent.values.money import decimal
from solvent.values.period import zone

_ASKED: Final = "asked"
_PERCENT: Final = 100
_SHAPES: Final = tuple(shape.replace("_", "-") for shape in SHAPES)


@click.command("optimise")
@data_option
@config_option
@click.option("--customers", type=int, help="So many as --assume describes, instead of those on the books.")
@traffic_options
@click.option("--cost", "costs", multiple=True, metavar="AMOUNT", help="Of an answer; several are compared  [default: "
              "as replayed].")  # fmt: skip
@click.option("--share", "shares", multiple=True, metavar="ASKED=INSTEAD[:N]", help="N in 1000 come from another.")
@click.option("--shape", "shapes", multiple=True, type=click.Choice(_SHAPES), help="Only these  [default: all].")
@click.option("--price-most", default="", metavar="AMOUNT", help="The highest fee a month.")
@click.option("--margin-least", type=click.FloatRange(-_PERCENT, 99), help="In percent of what is left of payments.")
@click.option("--charming", is_flag=True, help="Fees end on 9s, such as 19.99 or 29900.")
@click.option("--tax", default=100, show_default=True, help="VAT in prices, in thousandths of the net price.")
@click.option("--fee", default=34, show_default=True, help="Of the payment processor, in thousandths.")
@click.option("--fixed", default="0", metavar="AMOUNT", help="What a customer costs a month anyway.")
@click.option(
    "--assume", "assumptions", multiple=True, metavar="WHAT=NUMBER",
    help="Of demand, or WHAT=LOW:USUAL:HIGH; docs/simulation.md lists what there is.",
)  # fmt: skip
@click.option("--seeds", default=20, show_default=True, help="How many draws of customers judge.")
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    default=1,
    show_default=True,
    help="The same seed is the same luck, for every tariff.",
)
@click.option(
    "--write", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the advised tariff as a plan into this YAML file; needs one cost.",
)  # fmt: skip
@click.option("--name", default="best", show_default=True, help="Of that plan.")
@keep_options
@spread_option
@json_option
def optimise(data: Path, config_file: Path | None, as_json: bool, **said: Any) -> None:  # noqa: FBT001
    """Search the best flat, capped, two-part and three-part tariff, and say which shape wins at what cost."""
    config, near = load_config(config_file, data)
    screen = Screen(speaker(), zone(config.time_zone))
    _demand_keepable(config, data, near, said)
    terms = _terms(config, said)
    ranges = demand_assumed(said["assumptions"], dollar_rate(config))
    is_told = not as_json and sys.stderr.isatty()
    costs = [_units(text, "--cost") for text in said["costs"]]
    if said["write"] is not None and len(costs) > 1:
        raise Invalid("bad_assumption", "--write writes the plan of one cost; say --cost once", param="write")
    if said["customers"] is not None and not costs:
        raise Invalid("bad_assumption", "customers nobody replayed have no cost; say --cost AMOUNT", param="cost")
    shapes = tuple(shape for shape in SHAPES if not said["shapes"] or shape.replace("_", "-") in said["shapes"])
    with open_cluster(said["spread"]) as cluster:
        if said["customers"] is not None:
            who = Contestants("the assumptions", said["customers"])
        else:
            who, replayed = _replayed(config, data, near, said, Spread(cluster), is_told=is_told)
            costs = costs or [replayed]
        found = contest(
            who, costs, ranges, terms, cluster, shapes=shapes, seeds=said["seeds"], seed=said["seed"],
            tell=Progress("searching", len(costs) * len(shapes), is_shown=is_told),
        )  # fmt: skip
    files = _write(said["write"], said["name"], found, config) if said["write"] is not None else []
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        tell_contest(found, files, screen)
    _leave(found, config, data, near, said, screen)


def _replayed(
    config: Config, data: Path, near: Path, said: Mapping[str, Any], spread: Spread, *, is_told: bool
) -> tuple[Contestants, float]:  # fmt: skip
    """Who asks, and what an answer costs: from the books, or from a file at the prices of today."""

    async def ready_there() -> Prepared:
        async with open_business(config, data, near) as business:
            return await prepared(business, said)

    ready = asyncio.run(ready_there())
    with ready.opened as trace:
        of = ready.today(ready.shares)
        if said["costs"] and not is_own(said):  # what its models cost here is not asked
            card = RateCard(of.plan, of.currency, 0, "", answer_picos=0)
            of = msgspec.structs.replace(of, sold=dict.fromkeys(trace.models, Sold((card,), (card,))), shares=())
        outcome = ready.replayed_today(trace, of, spread, Progress("replaying", trace.answers, is_shown=is_told))
    return contestants(outcome, is_today=ready.knows_today), 0.0 if said["costs"] else cost_each(outcome)


def _demand_keepable(config: Config, data: Path, near: Path, said: Mapping[str, Any]) -> None:
    """See `demand_keepable`. A search that replays nothing needs no books, unless it is to be kept in them."""

    async def demand() -> None:
        async with open_business(config, data, near) as business:
            await demand_keepable(business, said)

    if said["keep"]:
        asyncio.run(demand())


def _leave(
    found: Contest, config: Config, data: Path, near: Path, said: Mapping[str, Any], screen: Screen
) -> None:  # fmt: skip
    """See `leave`; without books the page alone, where it is asked for."""
    is_kept = not said["is_unkept"] and has_books(config, data)
    if not is_kept and said["report_into"] is None:
        return
    about = about_now(said["language"] or screen.say.language)
    page, brief = contest_page(found, said["name"], about, config), Brief(found.currency, found.source, 0)
    finding = Finding("optimise", about.command, brief, contest_said(found, about), page)

    async def leave_it() -> None:
        async with open_business(config, data, near) as business:
            await leave(business, said, finding, screen)

    if is_kept:
        asyncio.run(leave_it())
    else:
        leave_page(said, finding, screen)


def _terms(config: Config, said: Mapping[str, Any]) -> Terms:
    terms = Terms(
        currency=config.currency, tax_permille=said["tax"], fee_permille=said["fee"],
        fixed=_units(said["fixed"], "--fixed"), is_charming=said["charming"],
    )  # fmt: skip
    if said["price_most"]:
        terms = msgspec.structs.replace(terms, fee_most=_units(said["price_most"], "--price-most"))
    if said["margin_least"] is not None:
        terms = msgspec.structs.replace(terms, margin_least=said["margin_least"] / _PERCENT)
    return terms


def _units(text: str, param: str) -> float:
    """An amount in whole units. Nothing is booked by it."""
    amount = decimal(text, param)
    if amount < 0:
        raise Invalid("amount_negative", f"{param}: {text} is below zero", param=param)
    return float(amount)


def _write(file: Path, name: str, found: Contest, config: Config) -> list[Path]:
    """The plan, and the price card that goes with it where answers beyond are billed; each whole or not at all."""
    (regime,) = found.regimes
    best = advised(regime)
    texts = {file: plan_text(tariff_plan(name, best, found), best, found, regime.cost_grains)}
    if best.price_grains is not None:
        day = utc(now_us()).astimezone(zone(config.time_zone)).date().isoformat()
        texts[file.with_name(f"{file.stem}.prices.yaml")] = price_card(f"{name}-price", best, found, day)
    for path, text in texts.items():
        write_whole(path, text, "write")
    return list(texts)
