"""Which customers lost and earned most over some days: from totals kept at edges and a few days' roll-ups.

Never from receipts, and from as many rows for a year as for a month: some for each customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, literal, or_, select, union_all

from solvent.margin.edge import Days, Kept, span
from solvent.margin.line import MarginLine, MarginSums
from solvent.margin.store import SUMS, Folded, customer_margins, house_margins, margins

Part = Kept | Days
_CUSTOMERS_AT_ONCE: Final = 500


class Ranking(msgspec.Struct, frozen=True):
    """customers: how many had answers or a margin. losers: the least margin first. earners: the most margin first."""

    customers: int
    losers: list[MarginLine]
    earners: list[MarginLine]


def rank(connection: Folded, from_day: int, until_day: int, currency: str, count: int) -> Ranking:
    """The customers of the days [from_day, until_day] with the least and the most margin, up to `count` of each."""
    parts = _span(connection, from_day, until_day)
    if not parts:
        return Ranking(0, [], [])
    losers, earners, customers = _ends(connection, parts, count)
    sums = _sums_of(connection, parts, {*losers, *earners})
    losing, earning = ([MarginLine(name, currency, sums[name]) for name in names] for names in (losers, earners))
    return Ranking(customers, losing, earning)


def ranked(
    connection: Folded, from_day: int, until_day: int, count: int, after: tuple[int, str] | None = None
) -> list[tuple[int, str]]:
    """Customers of the days [from_day, until_day], the least margin first, up to `count` of them: grains and name.

    after: of the last one before these.
    """
    parts = _span(connection, from_day, until_day)
    if not parts:
        return []
    kept = _margins(parts).cte("ranked")
    chosen = select(kept.c.margin, kept.c.customer)
    if after is not None:
        margin, name = after
        is_later = and_(kept.c.margin == margin, kept.c.customer > name)
        chosen = chosen.where(or_(kept.c.margin > margin, is_later))
    rows = connection.execute(chosen.order_by(kept.c.margin, kept.c.customer).limit(count))
    return [(int(row[0]), str(row[1])) for row in rows]


def sums_of(connection: Folded, from_day: int, until_day: int, whose: Sequence[str]) -> dict[str, MarginSums]:
    """What some customers came to on the days [from_day, until_day], whatever plans they were on meanwhile."""
    parts, found = _span(connection, from_day, until_day), dict[str, MarginSums]()
    for first in range(0, len(whose), _CUSTOMERS_AT_ONCE):
        found |= _sums_of(connection, parts, whose[first : first + _CUSTOMERS_AT_ONCE])
    return found


def _span(connection: Folded, from_day: int, until_day: int) -> Sequence[Part]:
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


def _ends(connection: Folded, parts: Sequence[Part], count: int) -> tuple[list[str], list[str], int]:
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


def _margins(parts: Sequence[Part]) -> Select[Any] | CompoundSelect[Any]:
    """The customers of a span, each with their margin; not those of whom all was taken back again, and nothing else.

    A total is looked up in the order that the later one is kept in: adding both up by groups takes twice as long.
    """
    kept = [part for part in parts if isinstance(part, Kept)]
    days = [part for part in parts if isinstance(part, Days)]
    moved = _of_days(days).cte("moved") if days else None
    if not kept:
        assert moved is not None, "a span has parts"
        return select(moved.c.customer, moved.c.margin).where(_is_there(moved.c.answers, moved.c.margin))
    lead, *less = kept
    assert lead.sign > 0, "the later total is the one that the other is taken from; it has every customer"
    totals = customer_margins.alias()
    found: Any = totals
    margin, answers = _margin(totals.c), _answers(totals.c)
    for part in less:
        before = customer_margins.alias()
        found = found.outerjoin(before, and_(before.c.through == part.through, before.c.customer == totals.c.customer))
        margin = margin + part.sign * func.coalesce(_margin(before.c), 0)
        answers = answers + part.sign * func.coalesce(_answers(before.c), 0)
    if moved is None:
        return _known(totals, found, lead, margin, answers)
    found = found.outerjoin(moved, moved.c.customer == totals.c.customer)
    margin, answers = (
        total + func.coalesce(moved.c[name], 0) for total, name in ((margin, "margin"), (answers, "answers"))
    )
    same = select(totals.c.customer).where(totals.c.through == lead.through, totals.c.customer == moved.c.customer)
    new = select(moved.c.customer, moved.c.margin).where(~same.correlate(moved).exists())
    known = _known(totals, found, lead, margin, answers)
    return union_all(known, new.where(_is_there(moved.c.answers, moved.c.margin)))


def _known(totals: Any, found: Any, lead: Kept, margin: Any, answers: Any) -> Select[Any]:
    chosen = select(totals.c.customer, margin.label("margin")).select_from(found)
    return chosen.where(totals.c.through == lead.through, _is_there(answers, margin))


def _is_there(answers: Any, margin: Any) -> ColumnElement[bool]:
    return or_(answers > 0, margin != 0)


def _of_days(parts: Iterable[Days]) -> Select[Any]:
    """Customers with their sums over some days, added or taken away."""
    moved = union_all(
        *(
            select(
                margins.c.customer,
                (_margin(margins.c) * part.sign).label("margin"),
                (_answers(margins.c) * part.sign).label("answers"),
            ).where(_is_in(part))
            for part in parts
        )
    ).subquery()
    sums = (func.sum(moved.c[name]).label(name) for name in ("margin", "answers"))
    return select(moved.c.customer, *sums).group_by(moved.c.customer)


def _margin(columns: Any) -> Any:
    return columns.charge_grains - columns.granted_grains + columns.earned_grains - columns.cost_grains


def _answers(columns: Any) -> Any:
    return columns.answers + columns.failed


def _sums_of(connection: Folded, parts: Iterable[Part], customers: Iterable[str]) -> dict[str, MarginSums]:
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
