"""What is assumed of customers who may buy, leave, and use less: each a range with its limits, its help and its source.

None is measured on your customers; each can be said anew. Amounts are whole units of the currency, by the month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.simulation.assumption import LIMITS, Range
from solvent.values.errors import Invalid


class Known(msgspec.Struct, frozen=True):
    """An assumption there is: its limits, one line of what it is, where its range is from; is_money: of the dollar."""

    name: str
    least: float
    most: float
    usual: Range
    help: str
    source: str
    is_money: bool = False


_ASSUMED: Final = "assumed (facts/ECONOMICS.md 2.3)"
KNOWN: Final = (
    Known(
        "worth", 1e-6, 1e9, Range(0.15, 0.25, 0.4), "what the first answer of a month is worth to the middle customer",
        _ASSUMED, is_money=True,
    ),
    Known("worth_spread", 0, 3, Range(0.7, 0.9, 1.1), "how far customers differ in that: of its logarithm", _ASSUMED),
    Known(
        "worth_with_usage", -0.99, 0.99, Range(-0.5, -0.2, 0.2),
        "whether who asks more values an answer more: the correlation of logarithms", _ASSUMED,
    ),
    Known(
        "metering", 0, 1e9, Range(0, 5, 10), "what a customer would pay a month for not being billed by the answer",
        "that there is one: Lambrecht and Skiera, J. Marketing Research 43 (2006); how large: " + _ASSUMED,
        is_money=True,
    ),
    Known(
        "usage_mean", 1e-3, 1e7, Range(80, 107, 140),
        "answers a month of the average customer, where none are replayed",
        "18 billion messages a week of 700 million users: NBER w34255 (2025)",
    ),
    Known(
        "usage_spread", 0, 4, Range(1.2, 1.5, 1.9), "how far customers differ in that: of its logarithm",
        "1.6 to 2.7 between ServeGen's clients, 1.7 to 2.3 claimed by practitioners (facts/ECONOMICS.md 2.2)",
    ),
    Known(
        "drift", 0, 2, Range(0.05, 0.1, 0.2),
        "how far what an answer is worth to a customer moves in a month", "assumed",
    ),
    Known(
        "leaving", 0, 0.99, Range(0.15, 0.23, 0.3),
        "of new buyers, so many leave in the first month whatever the price",
        "6.1 % of monthly plans of AI products are there after a year: RevenueCat (2026)",
    ),
    Known(
        "leaving_spread", 0, 0.95, Range(0.0, 0.02, 0.2),
        "how far customers differ in that: 1 / (1 + alpha + beta) of a beta distribution",
        "its shape: Fader and Hardie, J. Interactive Marketing 21 (2007); how far: assumed",
    ),
    Known(
        "inertia", 0, 1e9, Range(0, 1, 5), "what another plan must be better by, a month, before a customer moves",
        "assumed", is_money=True,
    ),
)  # fmt: skip


class Demand(msgspec.Struct, frozen=True):
    """One draw's assumptions as numbers; the fields are those of KNOWN, with their help and sources there."""

    worth: float = 0.25
    worth_spread: float = 0.9
    worth_with_usage: float = -0.2
    metering: float = 5.0
    usage_mean: float = 107.0
    usage_spread: float = 1.5
    drift: float = 0.1
    leaving: float = 0.23
    leaving_spread: float = 0.02
    inertia: float = 1.0


Ranges = Mapping[str, Range]


def demand_assumed(said: tuple[str, ...], per_usd: float | None = 1.0) -> dict[str, Range]:
    """All assumptions, with those that were said, each like worth=0.25 or worth=0.1:0.25:0.5.

    per_usd: units of the currency for a dollar, in which amounts that nobody said come; None where that is not known.
    Raises Invalid for what is none of them, or outside its limits.
    """
    found = {known.name: known.usual for known in KNOWN}
    by_name = {known.name: known for known in KNOWN}
    for text in said:
        name, is_there, numbers = text.partition("=")
        if not is_there or name not in by_name:
            words = f"--assume {text[:60]!r}: write it like metering=0:5:10; there are {', '.join(by_name)}"
            raise Invalid("bad_assumption", words, param="assume")
        found[name] = _range(by_name[name], numbers)
    told = {text.partition("=")[0] for text in said}
    for known in KNOWN:
        if known.is_money and known.name not in told:
            if per_usd is None:
                words = f"{known.name}: say it in your currency, such as --assume {known.name}=350, or a dollar's rate"
                raise Invalid("bad_assumption", f"{words} under [[exchanges]]", param="assume")
            usual = known.usual
            found[known.name] = Range(usual.low * per_usd, usual.usual * per_usd, usual.high * per_usd)
    return found


def split_assumed(said: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was said of the year to come, and of demand. Raises Invalid for what is neither."""
    mine = frozenset(known.name for known in KNOWN)
    for text in said:
        name = text.partition("=")[0]
        if name not in mine and name not in LIMITS:
            known = ", ".join([*sorted(LIMITS), *(known.name for known in KNOWN)])
            words = f"--assume {text[:60]!r}: write it like churn=0.02:0.05:0.1; there are {known}"
            raise Invalid("bad_assumption", words, param="assume")
    of_demand = tuple(text for text in said if text.partition("=")[0] in mine)
    return tuple(text for text in said if text not in of_demand), of_demand


def usual(ranges: Ranges, changed: Mapping[str, float] | None = None) -> Demand:
    """All as usual, but for what is changed."""
    return Demand(**{name: of.usual for name, of in ranges.items()} | dict(changed or {}))


def _range(known: Known, text: str) -> Range:
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    low, middle, high = numbers if len(numbers) == 3 else (numbers * 3 if len(numbers) == 1 else (1.0, 0.0, 0.0))
    if not known.least <= low <= middle <= high <= known.most:
        words = f"{known.name}: {known.help}; write one number or low:usual:high, rising and within {known.least:g} to"
        raise Invalid("bad_assumption", f"{words} {known.most:g}; not {text[:40]!r}", param="assume")
    return Range(low, middle, high)
