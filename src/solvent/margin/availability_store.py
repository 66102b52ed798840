"""The journal of availability: a row for each stretch of an engine's time, only ever added."""

from __future__ import annotations

from msgspec.structs import astuple
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, func, insert, select

from solvent.db.tables import metadata
from solvent.margin.availability import Availability, AvailabilityLine

_TEXTS = ("id", "model", "currency", "cost_card")

availability = Table(
    "availability",
    metadata,
    *(
        Column(name, Text if name in _TEXTS else BigInteger, primary_key=name == "id", nullable=False)
        for name in Availability.__struct_fields__
    ),
    Index("ix_availability_day", "day"),
)


def add(connection: Connection, row: Availability) -> bool:
    """Add a row. False where it is there already."""
    if connection.execute(select(availability.c.id).where(availability.c.id == row.id)).first():
        return False
    connection.execute(insert(availability).values(astuple(row)))
    return True


def lines(connection: Connection, from_day: int, until_day: int, currency: str) -> list[AvailabilityLine]:
    """The days [from_day, until_day], summed by model, in the order of names."""
    sums = ("busy_us", "idle_us", "idle_uj", "idle_grains")
    columns = availability.c
    chosen = select(
        columns.model, *(func.sum(columns[name]).label(name) for name in sums),
        func.max(columns.energy_estimated).label("estimated"),
    ).where(columns.day >= from_day, columns.day <= until_day, columns.currency == currency)  # fmt: skip
    return [
        AvailabilityLine(
            row.model,
            currency,
            int(row.busy_us),
            int(row.idle_us),
            int(row.idle_uj),
            int(row.idle_grains),
            "unknown" if row.estimated else "measured",
        )
        for row in connection.execute(chosen.group_by(columns.model).order_by(columns.model))
    ]
