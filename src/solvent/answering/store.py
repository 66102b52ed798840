"""The journal of receipts, and which of them the roll-ups of margins have not taken in yet."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, select

from solvent.answering.receipt import Receipt
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.values.ids import AnswerId, CustomerId

_TEXTS = {
    "id", "customer", "plan", "key", "end_user", "model", "provider", "upstream", "reason", "outcome", "finish",
    "fault", "currency", "provider_currency", "cost_card", "price_card", "exchange", "alarms", "usage_report",
    "source", "tries", "guards", "service", "cost_parts", "attribution",
}  # fmt: skip

receipts = Table(
    "receipts",
    metadata,
    *(
        Column(name, Text if name in _TEXTS else BigInteger, primary_key=name == "id", nullable=False)
        for name in Receipt.__struct_fields__
    ),
    # With what receipts of a customer are looked through for: so the rows themselves are not read.
    Index("ix_receipts_customer_id", "customer", "id", "key", "end_user", "model"),
)
# A version before adds each answer to the roll-ups as it books it, and notes none here (see `fold_store`).
unsummed = Table("unsummed_answers", metadata, Column("answer", Text, primary_key=True), sqlite_with_rowid=False)


def append(connection: Connection, rows: list[Receipt]) -> None:
    """Journal: add receipts; the roll-ups take them in later."""
    append_rows(connection, receipts, map(msgspec.structs.astuple, rows))
    append_rows(connection, unsummed, [(row.id,) for row in rows])


def receipt(connection: Connection, id: AnswerId) -> Receipt | None:
    """One receipt, or None."""
    row = connection.execute(select(receipts).where(receipts.c.id == id)).first()
    return Receipt(*row) if row else None


def receipts_of(connection: Connection, ids: Collection[AnswerId]) -> dict[AnswerId, Receipt]:
    """The receipts of some answers; those that are on no books yet are left out."""
    rows = connection.execute(select(receipts).where(receipts.c.id.in_(ids)))
    return {row.id: Receipt(*row) for row in rows}


def newest(
    connection: Connection, count: int, customer: CustomerId | None = None, before: AnswerId | None = None
) -> list[Receipt]:
    """The last receipts, newest first: of one customer, and from before an answer, when these are named."""
    chosen = select(receipts)  # ids sort by time
    if customer is not None:
        chosen = chosen.where(receipts.c.customer == customer)
    if before is not None:
        chosen = chosen.where(receipts.c.id < before)
    rows = connection.execute(chosen.order_by(receipts.c.id.desc()).limit(count))
    return [Receipt(*row) for row in rows]
