"""Roll-ups of answers by service, by key, and of costs by what they were for.

The first and the last are few rows, without customers; keys stand by their customer, so that one's are found at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Table, Text, func, select

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.margin.facet import Facet
from solvent.margin.line import MarginLine, MarginSums
from solvent.margin.store import DAY_MAX, SUMS, Folded, add_sums, sum_columns, summed

service_margins = Table(
    "service_margins",
    metadata,
    Column("day", BigInteger, primary_key=True),
    Column("service", Text, primary_key=True),
    *sum_columns(),
    sqlite_with_rowid=False,
)
key_margins = Table(
    "key_margins",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    *sum_columns(),
    sqlite_with_rowid=False,
)
cost_parts = Table(
    "cost_parts",
    metadata,
    Column("day", BigInteger, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("grains", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_MOVE_PART: Final = "ON CONFLICT (day, plan, part) DO UPDATE SET grains = cost_parts.grains + excluded.grains"
_CUSTOMERS_AT_ONCE: Final = 500

CostPart = tuple[int, str, str, int]  # day, plan, part, grains


def add(connection: Connection, facets: list[Facet]) -> None:
    """Journal: add answers to the roll-ups by service and by key."""
    add_sums(connection, service_margins, summed(((one.day, one.service), one.sums) for one in facets))
    add_sums(connection, key_margins, summed(((one.customer, one.day, one.key), one.sums) for one in facets))


def add_parts(connection: Connection, rows: Iterable[CostPart]) -> None:
    """Journal: add to what costs were for. Of an answer, or what was corrected of it, they sum to its cost."""
    parts = dict[tuple[int, str, str], int]()
    for day, plan, part, grains in rows:
        parts[day, plan, part] = parts.get((day, plan, part), 0) + grains
    append_rows(connection, cost_parts, ((*of, grains) for of, grains in parts.items()), _MOVE_PART)


def by_service(connection: Folded, from_day: int, currency: str, until_day: int = DAY_MAX) -> list[MarginLine]:
    """What was asked through each service on the days [from_day, until_day], without what plans earned."""
    table = service_margins.c
    chosen = select(table.service, *(func.sum(table[name]) for name in SUMS)).where(
        table.day >= from_day, table.day <= until_day
    )
    rows = connection.execute(chosen.group_by(table.service).order_by(table.service))
    return [MarginLine(row[0], currency, MarginSums(*map(int, row[1:]))) for row in rows]


def by_key(
    connection: Folded, customers: Sequence[str], from_day: int, currency: str, until_day: int = DAY_MAX
) -> list[tuple[str, MarginLine]]:
    """What each key of some customers was used for, each beside its customer, without what plans earned."""
    table, found = key_margins.c, list[tuple[str, MarginLine]]()
    for first in range(0, len(customers), _CUSTOMERS_AT_ONCE):
        chosen = select(table.customer, table.key, *(func.sum(table[name]) for name in SUMS)).where(
            table.customer.in_(customers[first : first + _CUSTOMERS_AT_ONCE]),
            table.day >= from_day, table.day <= until_day,
        )  # fmt: skip
        for customer, key, *sums in connection.execute(chosen.group_by(table.customer, table.key)):
            found.append((customer, MarginLine(key, currency, MarginSums(*map(int, sums)))))
    return sorted(found, key=lambda one: (one[1].margin.grains, one[1].name))


def cost_of_part(
    connection: Folded, part: str, from_day: int, until_day: int = DAY_MAX, plan: str = ""
) -> int:  # fmt: skip
    """Grains of what the costs of some days were for in one of their parts. plan: of one alone; "" for all."""
    table = cost_parts.c
    chosen = select(func.coalesce(func.sum(table.grains), 0)).where(
        table.day >= from_day, table.day <= until_day, table.part == part
    )
    if plan:
        chosen = chosen.where(table.plan == plan)
    return int(connection.execute(chosen).scalar_one())


def parts_of(connection: Folded, from_day: int, until_day: int = DAY_MAX) -> dict[tuple[str, str], int]:
    """What the costs of some days were for: grains by plan and part."""
    table = cost_parts.c
    chosen = select(table.plan, table.part, func.sum(table.grains)).where(table.day >= from_day, table.day <= until_day)
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(chosen.group_by(table.plan, table.part))}
