"""What customers used in some days, model by model, from the margin roll-ups: for their statements."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from solvent.margin.store import Folded, margins

Used = tuple[str, str, int, int, int, int, int]  # customer, model, answers, tokens in and out, charge, included

_SUMS = ("answers", "input_tokens", "output_tokens", "charge_grains", "included_grains")


def used_by(connection: Folded, customers: Sequence[str], from_day: int, until_day: int) -> list[Used]:
    """Sums of answers by customer and model over the days [from_day, until_day), in the operator's time zone."""
    keys = (margins.c.customer, margins.c.model)
    sums = [func.sum(margins.c[name]) for name in _SUMS]
    days = (margins.c.day >= from_day, margins.c.day < until_day, margins.c.model != "")
    rows = connection.execute(select(*keys, *sums).where(margins.c.customer.in_(customers), *days).group_by(*keys))
    return [(row[0], row[1], int(row[2]), int(row[3]), int(row[4]), int(row[5]), int(row[6])) for row in rows]


Day = tuple[int, int, int, int]  # day, answers, charge, included


def days_of(connection: Folded, customer: str, from_day: int, until_day: int, model: str = "") -> list[Day]:
    """Sums of one customer's answers by day over [from_day, until_day), newest first; of one model when named."""
    sums = [func.sum(margins.c[name]) for name in ("answers", "charge_grains", "included_grains")]
    chosen = [margins.c.customer == customer, margins.c.day >= from_day, margins.c.day < until_day]
    chosen.append(margins.c.model == model if model else margins.c.model != "")
    rows = connection.execute(
        select(margins.c.day, *sums).where(*chosen).group_by(margins.c.day).order_by(margins.c.day.desc())
    )
    return [(int(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in rows]
