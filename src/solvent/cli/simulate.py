"""`solvent simulate`: traffic replayed through plans and prices: what it would have earned, and from whom."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from solvent.app.business import Business, open_business
from solvent.app.clusters import open_cluster
from solvent.app.reacting import dollar_rate, reacting
from solvent.cli.here import Screen
from solvent.cli.options import config_option, data_option, json_option, load_config, spread_option
from solvent.cli.reports import about_now
from solvent.cli.simulate_fit import fit_command
from solvent.cli.simulate_fleet import asked_fleet, fleet_options, tell_fleet, tell_pays_for
from solvent.cli.simulate_keep import Finding, demand_keepable, keep_options, leave
from solvent.cli.simulate_optimise import optimise
from solvent.cli.simulate_prepared import prepared
from solvent.cli.simulate_progress import Progress
from solvent.cli.simulate_report import report_page, said_of
from solvent.cli.simulate_runs import runs
from solvent.cli.simulate_traffic import traffic_options, write_trace
from solvent.cli.simulate_year import YEAR_COLUMNS, swings_told, year_row
from solvent.cli.simulated import Run, Simulated, simulated
from solvent.cli.wording import speaker
from solvent.clusters.port import Cluster
from solvent.simulation.assumption import LIMITS, assumed, at_home
from solvent.simulation.demand_assumption import demand_assumed, split_assumed, usual
from solvent.simulation.outcome import Outcome
from solvent.simulation.pays_for import pays_for
from solvent.simulation.reaction import Reaction
from solvent.simulation.scenario import Variation, variations
from solvent.simulation.spread import Spread
from solvent.simulation.year import as_fitted, year
from solvent.simulation.year_draw import heavy_of
from solvent.values.errors import Invalid
from solvent.values.limits import SEED_MAX
from solvent.values.period import zone

_COLUMNS = {
    "scenario": "left", "answers": "right", "not_paid": "right", "plans": "right", "revenue": "right", "cost": "right",
    "margin": "right", "losing": "right", "losses": "right",
}  # fmt: skip


@click.group("simulate", invoke_without_command=True)
@data_option
@config_option
@traffic_options
@click.option("--plan", "names", multiple=True, help="Everybody on this plan; several are compared  [default: all].")
@click.option("--plans", "plan_file", type=click.Path(path_type=Path), help="A YAML file of more plans.")
@click.option(
    "--scenarios", "scenario_file", type=click.Path(dir_okay=False, path_type=Path),
    help="A YAML file of scenarios with prices, cards, mixes, shares and cache rates of their own.",
)  # fmt: skip
@click.option("--share", "shares", multiple=True, metavar="ASKED=INSTEAD[:N]", help="N in 1000 come from another.")
@click.option("--cached", type=int, help="So many in 1000 of the tokens read come from a cache.")
@click.option("--year", "is_year", is_flag=True, help="Draw the year to come from it, many times over.")
@click.option(
    "--assume",
    "assumptions",
    multiple=True,
    metavar="WHAT=LOW:USUAL:HIGH",
    help=f"Of that year: {', '.join(LIMITS)}; such as churn=0.02:0.05:0.1. Of demand: worth=0.4.",
)
@click.option("--react", is_flag=True, help="Customers leave, move and ask less, on assumed demand.")
@click.option("--draws", default=1000, show_default=True, help="How many years are drawn.")
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    default=1,
    show_default=True,
    help="The same seed is the same luck, for every scenario.",
)
@click.option(
    "--write-trace", "trace_into", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the traffic into this CSV file, in columns of our own: tokens alone.",
)  # fmt: skip
@keep_options
@spread_option
@fleet_options
@json_option
@click.pass_context
def command(context: click.Context, /, data: Path, config_file: Path | None, as_json: bool, **said: Any) -> None:  # noqa: FBT001
    """Replay traffic through plans and prices: what it would have earned, and who would have lost you money."""
    if context.invoked_subcommand is not None:
        _demand_no_options(context)
        return
    config, near = load_config(config_file, data)
    screen = Screen(speaker(), zone(config.time_zone))

    async def simulate() -> None:
        async with open_business(config, data, near) as business:
            await demand_keepable(business, said)
            with open_cluster(said["spread"]) as cluster:
                run = await _simulate(business, said, cluster, is_told=not as_json)
            if as_json:
                click.echo(msgspec.json.format(msgspec.json.encode(run.found), indent=2).decode())
            else:
                _print(run.found, screen)
            about = about_now(said["language"] or screen.say.language)
            page = report_page(run, about, config)
            await leave(
                business, said, Finding("simulate", about.command, run.brief, said_of(run, about), page), screen
            )

    asyncio.run(simulate())


command.add_command(optimise)
command.add_command(fit_command)
command.add_command(runs)


def _demand_no_options(context: click.Context) -> None:
    """What is said before a command would be heard by nobody."""
    for name in context.params:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"write options after {context.invoked_subcommand}, not before it")


async def _simulate(business: Business, said: Mapping[str, Any], cluster: Cluster, *, is_told: bool) -> Run:
    of_year, of_demand = split_assumed(said["assumptions"])
    assumptions = assumed(of_year)
    demand = usual(demand_assumed(of_demand, dollar_rate(business.config))) if said["react"] or of_demand else None
    ready = await prepared(business, said)
    file = said["scenario_file"]
    names = said["names"] or (tuple(ready.plans) if file is None else ())
    if not names and file is None:
        raise Invalid("bad_scenario", "there are no plans; publish one, or write some in a file for --plans")
    with ready.opened as trace:
        if said["trace_into"] is not None:
            write_trace(trace, said["trace_into"])
        is_shown, spread = is_told and sys.stderr.isatty(), Spread(cluster)
        now = ready.today()
        scenarios = [*(ready.everybody_on(name) for name in names), *ready.candidates(file, trace, names)]
        replays = len(scenarios) + int(ready.knows_today)
        told = Progress("replaying", trace.answers * replays, is_shown=is_shown)
        today = ready.replayed_today(trace, now, spread, told) if ready.knows_today else None
        varies = {one.name: variations(now, one) for one in scenarios}
        found: list[tuple[Outcome, Reaction | None]] = [(spread.replay(trace, one, told), None) for one in scenarios]
        if said["react"] and demand is not None:
            asked = [(one, outcome) for one, (outcome, _) in zip(scenarios, found, strict=True)]
            told = Progress("reacting", trace.answers * (len(asked) + int(len(asked) > 1)), is_shown=is_shown)
            found = [*reacting(trace, asked, today, demand, said["seed"], spread, told)]
    made = []
    heavy = heavy_of(found[0][0]) if said["is_year"] else None
    assumptions = as_fitted(assumptions, heavy) if said["is_year"] else assumptions
    others = {one.cost_card for one in trace.served if one.cost_card}
    if all(one.costs_at_home(others) for one in (now, *scenarios)):
        assumptions = at_home(assumptions, of_year)
    there = ready.issued.plans if ready.issued is not None else {}
    offered = {**there, **ready.plans}
    everybody = [*([(today, None)] if today else []), *found]
    drawing = Progress("drawing", said["draws"] * len(everybody), is_shown=is_shown) if said["is_year"] else None
    for outcome, reaction in everybody:
        drawn = None
        if drawing is not None:
            before = None if reaction is not None else today  # who has reacted does not react again
            drawn = year(
                outcome, assumptions, said["draws"], said["seed"], heavy=heavy, before=before, cluster=cluster,
                tell=drawing,
            )  # fmt: skip
        plans = ready.issued.plans if outcome is today and ready.issued is not None else offered
        evens = list(pays_for(outcome, plans, said["seed"]))
        fleet = asked_fleet(outcome, said)
        made.append(simulated(outcome, today, evens, drawn, fleet, reaction, varies.get(outcome.scenario, ())))
    on = {line.plan for line in today.lines if line.plan in there} if today is not None else set()
    chosen = [*names, *(one.plan for one in scenarios if not one.on), *sorted(on)]
    used = {name: offered[name] for name in dict.fromkeys(chosen)}
    return Run(
        made, used, said["seed"], ready.shares, said["cached"], assumptions if said["is_year"] else None,
        demand if said["react"] else None, ready.versions,
    )  # fmt: skip


def _print(made: list[Simulated], screen: Screen) -> None:
    first = made[0].outcome
    screen.word("simulated", source=first.source, answers=made[0].total.answers + made[0].total.refused)
    screen.table(_COLUMNS, [_row(one, screen) for one in made], "no_scenarios")
    for one in made:
        if one.against_today is not None:
            changed = one.against_today
            middle = dict(changed.quantiles)[500]
            screen.word(
                "against_today", scenario=one.scenario, more=changed.pay_more, less=changed.pay_less,
                same=changed.same, middle=screen.say.money(one.outcome.money(middle)),
            )  # fmt: skip
    for one in made:
        if one.varies:
            told = ", ".join(_varied(of, screen) for of in one.varies)
            screen.word("varies", scenario=one.scenario, told=told)
    if first.hours:
        busiest = max(first.hours, key=lambda hour: hour.answers_peak)
        screen.word(
            "busiest", hour=busiest.hour, answers=busiest.answers_peak / 1000, tokens=busiest.tokens_peak / 1000
        )  # fmt: skip
    for one in made:
        if one.reaction is not None:
            screen.word("reacted", scenario=one.scenario, **msgspec.structs.asdict(one.reaction))
    for one in made:
        tell_pays_for(one.outcome, one.pays_for, screen)
    if made[0].fleet is not None:
        tell_fleet(first, made[0].fleet, screen)
    drawn = [(one.outcome, one.year) for one in made if one.year is not None]
    if drawn:
        screen.word("year_drawn", draws=drawn[0][1].draws, seed=drawn[0][1].seed)
        screen.table(YEAR_COLUMNS, [year_row(outcome, of, screen) for outcome, of in drawn], "no_scenarios")
        for outcome, of in drawn:
            screen.line(swings_told(outcome, of, screen))
    for note in dict.fromkeys(note for one in made for note in one.outcome.notes):
        screen.line(note)


def _varied(of: Variation, screen: Screen) -> str:
    return screen.say(f"varies_{of.what}").format(name=of.name, instead=of.instead, permille=of.permille)


def _row(one: Simulated, screen: Screen) -> list[str]:
    say, outcome, total = screen.say, one.outcome, one.total
    amounts = (total.earned_grains, total.charge_grains, total.cost_grains, total.margin_grains)
    worth = [say.money(outcome.money(grains), 2) for grains in amounts]
    losses = screen.money(one.losses, outcome.currency, 2)
    return [one.scenario, f"{total.answers:,}", f"{total.refused:,}", *worth, f"{one.losers:,}", losses]
