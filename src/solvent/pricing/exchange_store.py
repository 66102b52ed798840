"""The table of dated exchange rates: what was in force once stays on record, whatever the configuration says later."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, Connection, Table, Text, and_, select

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.pricing.exchange import Exchange

exchanges = Table(
    "exchanges",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("base", "quote")),
    Column("valid_from_us", BigInteger, primary_key=True, autoincrement=False),
    # As text: a rate may have more digits than a column of whole numbers.
    *(Column(name, Text, nullable=False) for name in ("numerator", "denominator", "source")),
)
_NEWER = (
    "ON CONFLICT (base, quote, valid_from_us) DO UPDATE SET "
    "numerator = excluded.numerator, denominator = excluded.denominator, source = excluded.source"
)


def keep_exchanges(connection: Connection, rates: Iterable[Exchange]) -> None:
    """Put rates on record; one of the same pair and instant replaces the other."""
    rows = {
        (rate.base, rate.quote, rate.valid_from_us): (str(rate.numerator), str(rate.denominator), rate.source)
        for rate in rates
    }
    append_rows(connection, exchanges, ((*key, *rest) for key, rest in rows.items()), _NEWER)


def rate_at(connection: Connection, base: str, quote: str, at_us: int) -> Exchange | None:
    """The newest rate of a pair that is in force at an instant; None when there is none."""
    pair = and_(exchanges.c.base == base, exchanges.c.quote == quote, exchanges.c.valid_from_us <= at_us)
    row = connection.execute(select(exchanges).where(pair).order_by(exchanges.c.valid_from_us.desc()).limit(1)).first()
    if row is None:
        return None
    return Exchange(row.base, row.quote, int(row.numerator), int(row.denominator), row.valid_from_us, row.source)
