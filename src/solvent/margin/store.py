"""The table of margin roll-ups: one row for each day, customer, plan and model."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, func, select

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.margin.line import GroupBy, MarginKey, MarginLine, MarginSums

_KEYS = MarginKey.__struct_fields__
_SUMS = MarginSums.__struct_fields__

margins = Table(
    "margins",
    metadata,
    Column("day", BigInteger, primary_key=True),
    Column("customer", Text, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in _SUMS),
    Index("ix_margins_customer_day", "customer", "day"),
)

_ADD = f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET " + ", ".join(
    f"{name} = margins.{name} + excluded.{name}" for name in _SUMS
)


def add(connection: Connection, lines: list[tuple[MarginKey, MarginSums]]) -> None:
    """Journal: add answers to their roll-ups."""
    sums: dict[MarginKey, MarginSums] = {}
    for key, line in lines:
        kept = sums.get(key)
        if kept is None:
            kept = sums[key] = MarginSums()
        kept.add(line)
    rows = ((*msgspec.structs.astuple(key), *msgspec.structs.astuple(line)) for key, line in sums.items())
    append_rows(connection, margins, rows, _ADD)


def customer_sums(connection: Connection, customer: str, from_day: int) -> MarginSums:
    """What a customer's answers came to since a day."""
    sums = [func.coalesce(func.sum(margins.c[name]), 0) for name in _SUMS]
    chosen = select(*sums).where(margins.c.customer == customer, margins.c.day >= from_day)
    return MarginSums(*map(int, connection.execute(chosen).one()))


def lines(connection: Connection, group_by: GroupBy, from_day: int, currency: str) -> list[MarginLine]:
    """The roll-ups since a day, summed by one of their keys, in the order of its names."""
    group = margins.c[group_by]
    sums = [func.sum(margins.c[name]).label(name) for name in _SUMS]
    rows = connection.execute(
        select(group.label("name"), *sums).where(margins.c.day >= from_day).group_by(group).order_by(group)
    )
    return [
        MarginLine(str(row.name), currency, MarginSums(*(int(getattr(row, name)) for name in _SUMS))) for row in rows
    ]
