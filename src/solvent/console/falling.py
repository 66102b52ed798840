"""The waterfall as a table whose rows are bars: each step in words, its exact amount, the way to what is behind it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from solvent.app.fall import Fall
from solvent.app.report import Span
from solvent.margin.waterfall import UNSPLIT, Step
from solvent.pages.formats import decimals_for, percent
from solvent.pages.visit import Visit
from solvent.values.money import Money
from solvent.values.period import day_name

# Said to be absent where they are, with the reason: nobody should wonder whether they were forgotten.
EXPECTED: Final = ("vat", "fees", "idle")
_MIN: Final = 0.3  # percent: a step that is not nothing is seen


class Bar(msgspec.Struct, frozen=True):
    """name: in words. at, width: of the bar, in percent of its column. share: of what was paid, as people read it.

    to: where what is behind it stands; "" for a sum.
    """

    step: Step
    name: str
    amount: Money
    at: float
    width: float
    share: str
    to: str


def falling(visit: Visit, fall: Fall, currency: str, span: Span) -> dict[str, Any]:
    """What a page shows of a waterfall over some days: every step leads to what is behind it in the same days."""
    places = _places(fall.steps)
    low, high = min(0, *(one for pair in places for one in pair)), max(1, *(one for pair in places for one in pair))
    whole = next((step.grains for step in fall.steps if step.is_total), 0)
    per_grain = 100 / (high - low)
    bars = [
        Bar(
            step, visit.words(f"fall.{step.name}"), Money(step.grains, currency), (min(pair) - low) * per_grain,
            max(_MIN, abs(pair[1] - pair[0]) * per_grain), percent(abs(step.grains), whole), _to(step, span),
        )
        for step, pair in zip(fall.steps, places, strict=True)
    ]  # fmt: skip
    missing = [visit.words(f"fall.{name}") for name in EXPECTED if not fall.has(name)]
    return {
        "bars": bars, "zero": -low * per_grain, "absent": ", ".join(missing), "elsewhere": ", ".join(fall.elsewhere),
        "decimals": max(decimals_for(bar.amount) for bar in bars if bar.step.is_total),
    }  # fmt: skip


def _places(steps: list[Step]) -> list[tuple[int, int]]:
    """Where each bar begins and ends, in grains: a total from nothing, any other where the one before it ended."""
    places, run = [], 0
    for step in steps:
        begin = 0 if step.is_total else run
        run = begin + step.grains
        places.append((begin, run))
    return places


def _to(step: Step, span: Span) -> str:
    days = {"since": day_name(span.from_day), "until": day_name(span.today)}
    if step.origin == "ledger":
        spent = "vat" if step.name == "vat_paid" else step.name
        return f"/console/ledger/moved?{urlencode({'spent': spent} | days)}"
    if step.origin == "plans":
        return f"/console/margins?{urlencode({'by': 'plan', 'since': days['since']})}#lines"
    if step.origin == "answers":
        is_part = step.grains < 0 and step.name not in (UNSPLIT, "gifts")
        return f"/console/margins/answers?{urlencode(days | ({'spent': step.name} if is_part else {}))}"
    return ""
