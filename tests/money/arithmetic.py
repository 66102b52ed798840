"""The sums of the reference, by fractions: rounding, sharing, calendars, and what plans come to."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

WON, DAY, NEVER = 10**7, 86_400 * 10**6, 2**62  # grains of a won, microseconds of a day, an instant that never comes
UNITS = {"answers": "ANSWERS", "tokens": "TOKENS", "money": "KRW.INCLUDED"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Thing(SimpleNamespace):
    """A record. Two of them are never the same, whatever they hold."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]


def away(amount: Fraction | int, step: int = 1) -> int:
    """Rounded to whole steps, ties away from zero."""
    size = Fraction(amount if amount >= 0 else -amount)
    steps: int = floor(size / step + Fraction(1, 2))
    return steps * step * (1 if amount >= 0 else -1)


def spread(parts: list[Fraction]) -> list[int]:
    """Whole parts that sum to the rounded sum: the largest remainders go up."""
    floors = [floor(part) for part in parts]
    order = sorted(range(len(parts)), key=lambda n: (floors[n] - parts[n], n))
    for n in order[: away(sum(parts, Fraction())) - sum(floors)]:
        floors[n] += 1
    return floors


def prorated(spells: list[tuple[int, int]], period: Thing, until: int, step: int) -> int:
    """What terms come to until an instant, each weighted by the part of the period it held for. Ties to even."""
    ends = [since for since, _ in spells[1:]] + [until]
    whole = sum(max(0, min(to, until) - since) * amount for (since, amount), to in zip(spells, ends, strict=True))
    return round(Fraction(whole, (period.end - period.start) * step)) * step


def local(now: int, zone: ZoneInfo) -> datetime:
    """What a clock on the wall shows."""
    return (EPOCH + timedelta(microseconds=now)).astimezone(zone)


def instant(wall: datetime) -> int:
    """Microseconds since 1970."""
    return (wall.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def edge(anchor: int, months: int, zone: ZoneInfo) -> int:
    """So many months after an instant, on its day of the month, or the last of one that is too short."""
    wall = local(anchor, zone)
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    day = min(wall.day, monthrange(year, month + 1)[1])
    return instant(wall.replace(year=year, month=month + 1, day=day, fold=0)) if months else anchor


def fee(plan: Any, seats: int, coupon: Any = None) -> list[int]:
    """What a whole period costs: the plan, seats beyond those included, and what a coupon takes off."""
    price = plan.price.grains
    more = plan.seats.price.grains * max(0, seats - plan.seats.included) if plan.seats else 0
    part = Fraction((price + more) * coupon.permille, 1000) if coupon and coupon.what == "percent" else Fraction()
    part += coupon.grains if coupon and coupon.what == "amount" else 0
    return [price, more, -min(price + more, round(part / WON) * WON)]


def quotas(plan: Any, seats: int, *, is_trial: bool) -> dict[str, dict[str, Any]]:
    """What a period on some terms gives, by a name that finds its like on other terms."""
    found: dict[str, dict[str, Any]] = {}
    for one in (plan.trial.included if plan.trial else ()) if is_trial else plan.included:
        endless = (one.unit, one.amount) in (("answers", 10**9), ("tokens", 10**12))
        name = ("unlimited." if endless else "") + one.unit
        name += "-" + "+".join(sorted(one.classes)) if one.classes else ""
        many = seats if one.each_seat else 1
        found[name] = {"kind": "allowance", "unit": UNITS[one.unit], "classes": one.classes, "endless": endless}
        found[name] |= {"issued": one.amount * many, "roll": one.roll_over * many}
    if plan.overage_most and not is_trial:
        most = plan.overage_most.grains
        found["overage"] = {"kind": "overage", "unit": "KRW.ON-ACCOUNT", "issued": most, "endless": True}
    return found
