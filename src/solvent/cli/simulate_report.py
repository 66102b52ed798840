"""`solvent simulate --report`: a run as one page that needs nothing else: no network, no script.

It draws what the command's JSON says and nothing beside it; the JSON stands in the page, word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import yaml

from solvent.app.config import Config
from solvent.app.written_plan import short_entry, written_plan
from solvent.billing.plan import Plan
from solvent.cli.reports import About, harmless, report_style, versions_now
from solvent.cli.simulated import Run, Simulated
from solvent.pages.bars import AIR, WIDE, Bar, Bars, from_zero, ranges, spread
from solvent.pages.drawing import Drawing
from solvent.pages.formats import decimals_for
from solvent.simulation.demand_assumption import KNOWN
from solvent.simulation.year import Year
from solvent.values.instant import utc
from solvent.values.money import Money, minor_digits, plain
from solvent.values.period import zone

_SHOWN: Final = (50, 250, 500, 750, 950)  # permille of draws; all are in the JSON


def said_of(run: Run, about: About) -> bytes:
    """All that is known of a run, as JSON."""
    return msgspec.json.encode(
        {
            **about.said, "seed": run.seed, "assumptions": run.assumptions, "demand": run.demand, "shares": run.shares,
            "cached_permille": run.cached_permille, "plans": [written_plan(plan) for plan in run.plans.values()],
            "plan_versions": {name: run.versions.get(name, 0) for name in run.plans}, "scenarios": run.found,
        }
    )  # fmt: skip


def report_page(run: Run, about: About, config: Config) -> str:
    """The page as HTML."""
    first, clock = run.found[0].outcome, zone(config.time_zone)
    drawing = Drawing("Solvent", clock)
    years = [(one, one.year) for one in run.found if one.year is not None]
    return drawing.draw_in(
        "reports/simulated.html", about.language, run=run, first=first, command=about.command, versions=versions_now(),
        made=f"{utc(about.made_us).astimezone(clock):%Y-%m-%d %H:%M}", made_us=about.made_us,
        style=report_style(), json=harmless(said_of(run, about)), decimals=_decimals(run.found),
        kept=from_zero([one.total.margin_grains for one in run.found]),
        hours=_hours(run.found[0]),
        fleet=run.found[0].fleet, years=[
            (one, of, _draws(of, first.currency), ranges(of.swings, of.usual_grains)) for one, of in years
        ],
        assumed=_assumed(run), plans=[(plan, _written(plan)) for plan in run.plans.values()],
        grains=lambda amount: Money(amount, first.currency), exact=plain, shown=_SHOWN, clock=config.time_zone,
        notes=list(dict.fromkeys(note for one in run.found for note in one.outcome.notes)),
    )  # fmt: skip


def _written(plan: Plan) -> str:
    """The plan as a file for --plans."""
    return yaml.safe_dump([short_entry(written_plan(plan))], allow_unicode=True, sort_keys=False)


def _decimals(found: Sequence[Simulated]) -> int:
    """One number of decimals for all amounts that sum."""
    currency = found[0].outcome.currency
    most = max(abs(one.total.earned_grains) + one.total.charge_grains + one.total.cost_grains for one in found)
    return max(minor_digits(currency), decimals_for(Money(most, currency)))


def _hours(one: Simulated) -> list[tuple[Bar, Bar]]:
    """The hours of a day: the busiest of any day behind, a usual one before it; none of too few answers to draw."""
    loads = one.outcome.hours
    most = max((load.answers_peak for load in loads), default=0) * AIR
    if not most:
        return []
    step = WIDE / 24
    return [
        (
            Bar(load.hour * step, step * 0.86, WIDE * load.answers_peak / most),
            Bar(load.hour * step, step * 0.86, WIDE * load.answers / most, told=f"{load.hour}:00"),
        )
        for load in loads
    ]


def _draws(of: Year, currency: str) -> Bars:
    """How many draws leave how much."""
    ends, most = (of.bins[0].low_grains, of.bins[-1].high_grains), max(one.draws for one in of.bins) * AIR
    return spread(of.bins, ends, most, lambda grains: plain(Money(grains, currency)))


def _assumed(run: Run) -> list[tuple[str, str, str]]:
    """What was assumed: its name, the number or the range, and where that is from."""
    rows = []
    if run.assumptions is not None:
        for name, of in msgspec.structs.asdict(run.assumptions).items():
            if of is None:  # too few customers to tell it
                continue
            ends = f"{of.low:g} : {of.usual:g} : {of.high:g}" if of.low != of.high else f"{of.usual:g}"
            rows.append((name, ends, "assumed"))
    if run.demand is not None:
        found = msgspec.structs.asdict(run.demand)
        rows += [(known.name, f"{found[known.name]:g}", known.source) for known in KNOWN]
    return rows
