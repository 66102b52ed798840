"""`solvent simulate --report`: a run as one page that needs nothing else: no network, no script.

It draws what the command's JSON says and nothing beside it; the JSON stands in the page, word for word.
"""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec
import yaml
from markupsafe import Markup

from solvent import __version__
from solvent.app.build import now_us
from solvent.app.config import Config
from solvent.app.written_plan import short_entry, written_plan
from solvent.billing.plan import Plan
from solvent.cli.asked import asked_for
from solvent.cli.simulated import Run, Simulated
from solvent.identity.person import Language
from solvent.pages.bars import AIR, WIDE, Bar, Bars, from_zero, ranges, spread
from solvent.pages.drawing import WEB, Drawing
from solvent.pages.formats import decimals_for
from solvent.simulation.demand_assumption import KNOWN
from solvent.simulation.year import Year
from solvent.values.instant import utc
from solvent.values.money import Money, minor_digits, plain
from solvent.values.period import zone

_SHOWN: Final = (50, 250, 500, 750, 950)  # permille of draws; all are in the JSON
_VERSIONS_OF: Final = ("numpy", "duckdb")


class About(msgspec.Struct, frozen=True):
    """Of a report. words: of the command, as they were typed."""

    made_us: int
    words: list[str]
    language: Language

    @property
    def command(self) -> str:
        """As one line for a shell; names that are no text are told as far as they are."""
        return shlex.join(["solvent", *self.words]).encode("utf-8", "replace").decode()

    @property
    def said(self) -> dict[str, Any]:
        """Where it is from, for the JSON."""
        return {"command": self.command, "made_at": utc(self.made_us).isoformat(), "versions": versions_now()}


def about_now(language: str) -> About:
    """Of the command that runs now, as a person would type it."""
    asked = asked_for()
    words = sys.argv[1:] if asked is None else list(asked.words)
    return About(now_us(), words, "ko" if language == "ko" else "en")


def said_of(run: Run, about: About) -> bytes:
    """All that is known of a run, as JSON."""
    return msgspec.json.encode(
        {
            **about.said, "seed": run.seed, "assumptions": run.assumptions, "demand": run.demand, "shares": run.shares,
            "cached_permille": run.cached_permille, "plans": [written_plan(plan) for plan in run.plans.values()],
            "plan_versions": {name: run.versions.get(name, 0) for name in run.plans}, "scenarios": run.found,
        }
    )  # fmt: skip


def versions_now() -> dict[str, str]:
    """What made it."""
    versions = {"solvent": __version__, "python": platform.python_version()}
    return versions | {name: version(name) for name in _VERSIONS_OF}


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


def report_style() -> Markup:
    """Of every report: the tokens of our pages, without the pictures in them, and what this page adds."""
    sheets = [(WEB / "css" / name).read_text(encoding="utf-8") for name in ("tokens.css", "report.css")]
    lines = [line for sheet in sheets for line in sheet.splitlines() if "url(" not in line]
    return Markup("\n".join(lines))  # noqa: S704 - our own files


def harmless(json: bytes) -> Markup:
    """JSON that ends no element, whatever somebody is called."""
    text = json.decode()
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - nothing is left in it that is markup


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
