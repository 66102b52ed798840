"""The tables of margin roll-ups: by day, customer, plan and model; of all customers; and of each customer so far.

The first two are written some answers at a time, the third with the first of the next day; so no page adds up more
than it shows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cache
from typing import Any, Final, NewType, TypeVar

from msgspec.structs import astuple
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.ledger.store import set_mark
from solvent.margin.edge import NOTHING, outlived
from solvent.margin.line import KeptBy, MarginKey, MarginLine, MarginSums

K = TypeVar("K", bound=Hashable)
# A connection behind which the roll-ups have every answer that is on the books: whoever reads them asks for one.
Folded = NewType("Folded", Connection)
Added = tuple[MarginKey, MarginSums]

_KEYS = MarginKey.__struct_fields__
SUMS: Final = MarginSums.__struct_fields__


def sum_columns() -> list[Column[int]]:
    """Columns of a roll-up that hold sums."""
    return [Column(name, BigInteger, nullable=False) for name in SUMS]


margins = Table(
    "margins",
    metadata,
    Column("day", BigInteger, primary_key=True),
    Column("customer", Text, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    *sum_columns(),
    Index("ix_margins_customer_day", "customer", "day"),
    sqlite_with_rowid=False,
)
# The same without customers: few rows.
house_margins = Table(
    "house_margins",
    metadata,
    Column("day", BigInteger, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    *sum_columns(),
    sqlite_with_rowid=False,
)
# What each customer came to by the end of a day, an edge (see `edge`): written when the next day begins.
customer_margins = Table(
    "customer_margins",
    metadata,
    Column("through", BigInteger, primary_key=True),
    Column("customer", Text, primary_key=True),
    *sum_columns(),
    sqlite_with_rowid=False,
)

DAY_MAX: Final = 2**31
EDGE: Final = "margin_edge"  # the mark of the last edge that totals were kept at
# Within the database: of most customers there is something every day.
_CUSTOMER_SUMS: Final = select(*(func.coalesce(func.sum(margins.c[name]), 0) for name in SUMS)).where(
    margins.c.customer == bindparam("of"), margins.c.day >= bindparam("since"), margins.c.model != ""
)
_SINCE: Final = (
    f"INSERT INTO customer_margins (through, customer, {', '.join(SUMS)}) "  # noqa: S608
    f"SELECT CAST(:edge AS BIGINT), customer, {', '.join(f'sum({name})' for name in SUMS)} "
    "FROM margins WHERE day > :before AND day <= :edge GROUP BY customer"
)
_EDGE: Final = f"SELECT value FROM marks WHERE name = '{EDGE}'"  # noqa: S608


def add(connection: Connection, lines: list[Added]) -> None:
    """Journal: add answers, or what plans earned, to their roll-ups."""
    sums = summed(lines)
    edge = _keep_edge(connection, max(key.day for key in sums))
    add_sums(connection, margins, {astuple(key): line for key, line in sums.items()})
    by_plan = summed(((key.day, key.plan, key.model), line) for key, line in sums.items())
    add_sums(connection, house_margins, by_plan)
    late = [(key, line) for key, line in sums.items() if key.day <= edge]
    if late:  # a correction, or the last moment of another process's day
        for through in {*_edges_from(connection, min(key.day for key, _ in late)), edge}:
            totals = summed(((through, key.customer), line) for key, line in late if key.day <= through)
            add_sums(connection, customer_margins, totals)


def summed(lines: Iterable[tuple[K, MarginSums]]) -> dict[K, MarginSums]:
    """One line for each key."""
    sums: dict[K, MarginSums] = {}
    for key, line in lines:
        kept = sums.get(key)
        if kept is None:
            kept = sums[key] = MarginSums()
        kept.add(line)
    return sums


def add_sums(connection: Connection, table: Table, sums: Mapping[tuple[Any, ...], MarginSums]) -> None:
    """Add lines to those that a table has, by the values of its key."""
    append_rows(connection, table, ((*key, *astuple(line)) for key, line in sums.items()), _on_known(table))


@cache
def _on_known(table: Table) -> str:
    """Adds a row's sums to those that are there."""
    keys = ", ".join(column.name for column in table.primary_key)
    moves = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in SUMS)
    return f"ON CONFLICT ({keys}) DO UPDATE SET {moves}"


def _keep_edge(connection: Connection, day: int) -> int:
    """The last edge before a day. When the day has only begun, everybody's totals are kept at it first."""
    cursor = connection.connection.cursor()  # the driver's own: this is the hot path of every answer
    cursor.execute(_EDGE)
    known = cursor.fetchone()
    cursor.close()
    before, edge = int(known[0]) if known else NOTHING, day - 1
    if edge <= before:
        return before
    through, customer, *sums = customer_margins.columns
    so_far = select(literal(edge, BigInteger), customer, *sums).where(through == before)
    connection.execute(insert(customer_margins).from_select([through, customer, *sums], so_far))
    since = f"{_SINCE} {_on_known(customer_margins)}"
    connection.execute(text(since), {"before": before, "edge": edge})
    for old in outlived(before, edge) if known else ():
        connection.execute(delete(customer_margins).where(through == old))
    set_mark(connection, EDGE, str(edge))
    return edge


def _edges_from(connection: Connection, day: int) -> list[int]:
    edges: list[int] = []
    while True:
        after = customer_margins.c.through >= (edges[-1] + 1 if edges else day)
        found = connection.execute(select(func.min(customer_margins.c.through)).where(after)).scalar()
        if found is None:
            return edges
        edges.append(int(found))


def customer_sums(connection: Folded, customer: str, from_day: int) -> MarginSums:
    """What a customer's answers came to since a day, without what their plan earned."""
    return MarginSums(*map(int, connection.execute(_CUSTOMER_SUMS, {"of": customer, "since": from_day}).one()))


def lines(
    connection: Folded,
    group_by: KeptBy,
    from_day: int,
    currency: str,
    *,
    until_day: int = DAY_MAX,
    customer: str = "",
) -> list[MarginLine]:
    """The roll-ups of the days [from_day, until_day], summed by one of their keys, in the order of its names.

    customer: only theirs; "" for all. Sums of every customer by name are as many rows as they have days with answers;
    `ranking_store` finds the ones that matter.
    """
    table = margins if customer or group_by == "customer" else house_margins
    group = table.c[group_by]
    sums = [func.sum(table.c[name]).label(name) for name in SUMS]
    chosen = select(group.label("name"), *sums).where(table.c.day >= from_day, table.c.day <= until_day)
    if customer:
        chosen = chosen.where(table.c.customer == customer)
    return [
        MarginLine(str(row.name), currency, MarginSums(*(int(getattr(row, name)) for name in SUMS)))
        for row in connection.execute(chosen.group_by(group).order_by(group))
    ]


def lines_of_answers(
    connection: Folded, from_day: int, until_day: int, currency: str, *, customer: str = "", plan: str = "",
    model: str = "",
) -> list[MarginLine]:  # fmt: skip
    """The roll-ups of answers of some days by model, without what plans earned; "" for any customer, plan or model."""
    table = margins if customer else house_margins
    named = {"customer": customer, "plan": plan, "model": model}
    chosen = [table.c[name] == value for name, value in named.items() if value]
    chosen += [table.c.day >= from_day, table.c.day <= until_day, table.c.model != ""]
    sums = [func.sum(table.c[name]) for name in SUMS]
    rows = connection.execute(select(table.c.model, *sums).where(*chosen).group_by(table.c.model))
    return [MarginLine(row[0], currency, MarginSums(*map(int, row[1:]))) for row in rows]
