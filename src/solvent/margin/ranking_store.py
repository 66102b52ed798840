"""Which customers lost and earned most over some days: from totals kept at edges and a few days' roll-ups.

Never from receipts, and from as many rows for a year as for a month: some for each customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, func, literal, or_, select, union_all

from solvent.margin.edge import LATEST, Days, Kept, between, up_to
from solvent.margin.line import MarginLine, MarginSums
from solvent.margin.store import SUMS, customer_margins, house_margins, margins

Part = Kept | Days


class Ranking(msgspec.Struct, frozen=True):
    """customers: how many had answers. losers: the least margin first. earners: the most margin first."""

    customers: int
    losers: list[MarginLine]
    earners: list[MarginLine]


def rank(connection: Connection, from_day: int, until_day: int, currency: str, count: int) -> Ranking:
    """The customers of the days [from_day, until_day] with the least and the most margin, up to `count` of each."""
    parts = _span(connection, from_day, until_day)
    if not parts:
        return Ranking(0, [], [])
    losers, earners, customers = _ends(connection, parts, count)
    sums = _sums_of(connection, parts, {*losers, *earners})
    losing, earning = ([MarginLine(name, currency, sums[name]) for name in names] for names in (losers, earners))
    return Ranking(customers, losing, earning)


def _span(connection: Connection, from_day: int, until_day: int) -> Sequence[Part]:
    """What adds up to some days, see `edge.between`."""
    days = select(func.min(house_margins.c.day), func.max(house_margins.c.day))
    first, latest = connection.execute(days).one()
    if first is None or from_day > until_day:
        return []
    until, before = (
        up_to(day, _edges_beside(connection, day), int(first), int(latest)) for day in (until_day, from_day - 1)
    )
    return between(until, before)


def _edges_beside(connection: Connection, day: int) -> list[int]:
    through = customer_margins.c.through
    before = select(func.max(through)).where(through <= day)
    after = select(func.min(through)).where(through >= day, through < LATEST)
    found = (connection.execute(chosen).scalar() for chosen in (before, after))
    return [int(edge) for edge in found if edge is not None]


def _ends(connection: Connection, parts: Sequence[Part], count: int) -> tuple[list[str], list[str], int]:
    kept = _margins(parts).cte("ranked")
    down = select(kept).order_by(kept.c.margin, kept.c.customer).limit(count).subquery()
    up = select(kept).order_by(kept.c.margin.desc(), kept.c.customer).limit(count).subquery()
    rows = connection.execute(
        union_all(
            select(literal(0), down.c.customer, down.c.margin),
            select(literal(1), up.c.customer, up.c.margin),
            select(literal(2), literal(""), func.count()).select_from(kept),
        )
    ).all()
    losers = sorted((int(row[2]), row[1]) for row in rows if row[0] == 0)
    earners = sorted((-int(row[2]), row[1]) for row in rows if row[0] == 1)
    customers = next(int(row[2]) for row in rows if row[0] == 2)
    return [name for _, name in losers], [name for _, name in earners], customers


def _margins(parts: Sequence[Part]) -> Select[Any]:
    """The customers of a span, each with their margin."""
    if not any(isinstance(part, Kept) for part in parts):
        days = _of_days(*(part for part in parts if isinstance(part, Days)))
        return select(days.c.customer, days.c.margin).where(days.c.answers > 0)
    # Looked up customer by customer, in the order they are kept in: twice as quick as adding up the parts by groups.
    leading = _leading(parts)
    lead = customer_margins.alias()
    found: Any = lead
    margins_of, answers_of = [], []
    for part in parts:
        if isinstance(part, Kept) and part.through == leading:
            beside: Any = lead
        elif isinstance(part, Kept):
            beside = customer_margins.alias()
            same = and_(beside.c.through == part.through, beside.c.customer == lead.c.customer)
            found = found.outerjoin(beside, same)
        else:
            beside = _of_days(part)
            found = found.outerjoin(beside, beside.c.customer == lead.c.customer)
        is_summed = isinstance(part, Days)
        sign = 1 if is_summed else part.sign  # a sum has its sign already
        margins_of.append(sign * func.coalesce(beside.c.margin if is_summed else _margin(beside), 0))
        answers_of.append(sign * func.coalesce(beside.c.answers + (0 if is_summed else beside.c.failed), 0))
    margin, answers = sum(margins_of[1:], margins_of[0]), sum(answers_of[1:], answers_of[0])
    chosen = select(lead.c.customer, margin.label("margin")).select_from(found)
    return chosen.where(lead.c.through == leading, answers > 0)


def _leading(parts: Sequence[Part]) -> int:
    """Whose totals name every customer of the span: those at its end, unless days are added to them."""
    if any(isinstance(part, Days) and part.sign > 0 for part in parts):
        return LATEST
    return next((part.through for part in parts if isinstance(part, Kept) and part.sign > 0), LATEST)


def _margin(table: Any) -> ColumnElement[int]:
    return cast(ColumnElement[int], table.c.charge_grains - table.c.granted_grains - table.c.cost_grains)


def _of_days(*parts: Days) -> Subquery:
    """Customers with their margin and answers of some days."""
    chosen = or_(*(_is_in(part) for part in parts))
    sign = parts[0].sign
    assert all(part.sign == sign for part in parts), "days without totals are added, or taken away"
    sums = (func.sum(sign * _margin(margins)), func.sum(sign * (margins.c.answers + margins.c.failed)))
    columns = (sums[0].label("margin"), sums[1].label("answers"))
    return select(margins.c.customer, *columns).where(chosen).group_by(margins.c.customer).subquery()


def _sums_of(connection: Connection, parts: Iterable[Part], customers: Iterable[str]) -> dict[str, MarginSums]:
    sums: dict[str, MarginSums] = {name: MarginSums() for name in customers}
    for part in parts:
        table = (customer_margins if isinstance(part, Kept) else margins).c
        columns = [func.sum(table[name] * part.sign) for name in SUMS]
        chosen = select(table.customer, *columns).where(_is_in(part), table.customer.in_(sums))
        for customer, *values in connection.execute(chosen.group_by(table.customer)):
            sums[customer].add(MarginSums(*map(int, values)))
    return sums


def _is_in(part: Part) -> ColumnElement[bool]:
    if isinstance(part, Kept):
        return customer_margins.c.through == part.through
    return and_(margins.c.day >= part.first, margins.c.day <= part.last)
