"""Kept responses: the one place where what customers ask and are told is written down, where that is switched on."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, delete, select

from solvent.answering.kept_response import KeptResponse
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.values.ids import CustomerId

kept_responses = Table(
    "kept_responses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("items", Text, nullable=False),
    Index("ix_kept_responses_until_us", "until_us"),
)


def append(connection: Connection, rows: list[KeptResponse]) -> None:
    """Journal: keep responses."""
    append_rows(connection, kept_responses, map(msgspec.structs.astuple, rows))


def response(connection: Connection, id: str, customer: CustomerId, now_us: int) -> KeptResponse | None:
    """One response of that customer whose time is not over, or None."""
    its = kept_responses.c
    chosen = select(kept_responses).where(its.id == id, its.customer == customer, its.until_us > now_us)
    row = connection.execute(chosen).first()
    return KeptResponse(*row) if row else None


def forget(connection: Connection, id: str, customer: CustomerId) -> bool:
    """Delete one response of that customer; whether there was one."""
    its = kept_responses.c
    return connection.execute(delete(kept_responses).where(its.id == id, its.customer == customer)).rowcount > 0


def forget_over(connection: Connection, now_us: int, most: int) -> int:
    """Delete up to `most` responses whose time is over; how many there were."""
    its = kept_responses.c
    over = select(its.id).where(its.until_us <= now_us).order_by(its.until_us).limit(most)
    return connection.execute(delete(kept_responses).where(its.id.in_(over))).rowcount
