"""`solvent simulate optimise --report`: which shape of tariff wins at what cost, as a page that needs nothing else."""

from __future__ import annotations

import msgspec

from solvent.app.config import Config
from solvent.app.tariffs import advised, plan_text, tariff_plan
from solvent.cli.reports import About, harmless, report_style, versions_now
from solvent.pages.bars import WIDE, ranges
from solvent.pages.drawing import Drawing
from solvent.simulation.demand_assumption import KNOWN
from solvent.simulation.tariff_contest import Contest, Regime
from solvent.values.errors import Invalid
from solvent.values.instant import utc
from solvent.values.money import Money, plain
from solvent.values.period import zone


def contest_said(found: Contest, about: About) -> bytes:
    """All that is known of a contest, as JSON."""
    return msgspec.json.encode({**about.said, "seed": found.seed, "contest": found})


def contest_page(found: Contest, name: str, about: About, config: Config) -> str:
    """The page as HTML. name: of the plan that the advised tariff would be, where one cost was asked for."""
    clock = zone(config.time_zone)
    shapes = list(dict.fromkeys(one.shape for regime in found.regimes for one in regime.found))
    return Drawing("Solvent", clock).draw_in(
        "reports/optimised.html", about.language, found=found, shapes=shapes, style=report_style(),
        regimes=[(regime, _bars(regime)) for regime in found.regimes],
        levers=[ranges(regime.levers, _usual(regime)) if regime.levers else None for regime in found.regimes],
        assumed=[
            (known.name, _told(found, known.name), known.source) for known in KNOWN if known.name in found.assumptions
        ],
        plan=_plan(found, name), command=about.command, versions=versions_now(), clock=config.time_zone,
        made=f"{utc(about.made_us).astimezone(clock):%Y-%m-%d %H:%M}", made_us=about.made_us,
        json=harmless(contest_said(found, about)), grains=lambda amount: Money(amount, found.currency), exact=plain,
    )  # fmt: skip


def _bars(regime: Regime) -> dict[str, tuple[float, int]]:
    """By shape, its profit beside the best's."""
    most = max((one.profit_grains.usual for one in regime.found), default=0) or 1
    return {
        one.shape: (max(0.0, WIDE * one.profit_grains.usual / most), one.profit_grains.usual) for one in regime.found
    }


def _usual(regime: Regime) -> int:
    return advised(regime).profit_grains.usual


def _told(found: Contest, name: str) -> str:
    of = found.assumptions[name]
    return f"{of.usual:g}" if of.low == of.high else f"{of.low:g} : {of.usual:g} : {of.high:g}"


def _plan(found: Contest, name: str) -> str:
    """The advised tariff as a file for --plans; nothing where there is none, or no plan can say it."""
    if len(found.regimes) != 1 or not found.regimes[0].advice:
        return ""
    (regime,) = found.regimes
    best = advised(regime)
    try:
        return plan_text(tariff_plan(name, best, found), best, found, regime.cost_grains)
    except Invalid:
        return ""
