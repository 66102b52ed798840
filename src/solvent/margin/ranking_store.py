"""Which customers lost and earned most over some days: from totals kept at edges and a few days' roll-ups.

Never from receipts, and from as many rows for a year as for a month: some for each customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select, union_all

from solvent.margin.edge import Days, Kept, span
from solvent.margin.line import MarginLine, MarginSums
from solvent.margin.store import SUMS, customer_margins, house_margins, margins

Part = Kept | Days


class Ranking(msgspec.Struct, frozen=True):
    """customers: how many had answers or a margin. losers: the least margin first. earners: the most margin first."""

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
    days = select(func.min(house_margins.c.day), func.max(house_margins.c.day))
    first, latest = connection.execute(days).one()
    if first is None:
        return []
    through, edges = customer_margins.c.through, set[int]()
    for day in (until_day, from_day - 1):
        before = select(func.max(through)).where(through <= day)
        after = select(func.min(through)).where(through >= day)
        found = (connection.execute(chosen).scalar() for chosen in (before, after))
        edges.update(int(edge) for edge in found if edge is not None)
    return span(from_day, until_day, edges, int(first), int(latest))


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
    """The customers of a span, each with their margin; not those of whom all was taken back again, and nothing else.

    What is added up by groups is made narrow first: four times as quick as looking one part up in another.
    """
    moved = union_all(*map(_moved, parts)).subquery()
    margin, answers = func.sum(moved.c.margin), func.sum(moved.c.answers)
    chosen = select(moved.c.customer, margin.label("margin")).group_by(moved.c.customer)
    return chosen.having(or_(answers > 0, margin != 0))


def _moved(part: Part) -> Select[Any]:
    table = (customer_margins if isinstance(part, Kept) else margins).c
    margin = table.charge_grains - table.granted_grains + table.earned_grains - table.cost_grains
    answers = table.answers + table.failed
    return select(table.customer, (margin * part.sign).label("margin"), (answers * part.sign).label("answers")).where(
        _is_in(part)
    )


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
