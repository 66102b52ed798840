"""The table of questions that carry an `Idempotency-Key`, and of what they were told, for a day."""

from __future__ import annotations

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from solvent.answering.repeat import Claim, Known
from solvent.db.tables import metadata
from solvent.values.ids import KeyId

repeats = Table(
    "repeats",
    metadata,
    Column("key", Text, primary_key=True),
    Column("given", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("holder", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("is_told", BigInteger, nullable=False),
    Column("told", LargeBinary),
    Index("ix_repeats_asked_us", "asked_us"),
)


def known(connection: Connection, key: KeyId, given: str) -> Known | None:
    """What is on the books of one question, or None."""
    row = connection.execute(select(repeats).where(repeats.c.key == key, repeats.c.given == given)).first()
    if row is None:
        return None
    *claim, is_told, told = row
    return Known(Claim(*claim), bool(is_told), told)


def put(connection: Connection, claim: Claim) -> None:
    """Let a claim take the place of whatever was known."""
    its = repeats.c
    connection.execute(delete(repeats).where(its.key == claim.key, its.given == claim.given))
    connection.execute(insert(repeats).values(**msgspec.structs.asdict(claim), is_told=0, told=None))


def keep(connection: Connection, claim: Claim, told: bytes | None) -> None:
    """Note that a claim's answer was told, and what."""
    connection.execute(update(repeats).where(_is(claim)).values(is_told=1, told=told))


def give_up(connection: Connection, claim: Claim) -> None:
    """Forget a claim, so that the question can be asked anew."""
    connection.execute(delete(repeats).where(_is(claim)))


def forget_over(connection: Connection, before_us: int, most: int) -> int:
    """Delete up to `most` questions from before an instant; how many there were."""
    its = repeats.c
    over = select(its.key, its.given).where(its.asked_us < before_us).order_by(its.asked_us).limit(most)
    rows = connection.execute(over).all()
    for key, given in rows:
        connection.execute(delete(repeats).where(its.key == key, its.given == given))
    return len(rows)


def _is(claim: Claim) -> ColumnElement[bool]:
    """Whether it is still that claim: another process may have taken the question over."""
    its = repeats.c
    return and_(its.key == claim.key, its.given == claim.given, its.answer == claim.answer)
