"""Tally the profit and loss since a day, grouped as asked."""

from __future__ import annotations

from solvent.db.port import Database
from solvent.margin import store
from solvent.margin.line import KeptBy, MarginLine


async def tally(group_by: KeptBy, from_day: int, currency: str, database: Database) -> list[MarginLine]:
    """from_day: days since 1970-01-01 in the operator's time zone. Reads roll-ups, never receipts."""
    return await database.read(lambda connection: store.lines(connection, group_by, from_day, currency))
