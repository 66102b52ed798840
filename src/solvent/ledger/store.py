"""The ledger's tables: the journal of transfers, and balances as its projection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Index, Table, Text, and_, select, text

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.ledger.balance import Key, Movement, movements
from solvent.ledger.transfer import Transfer

transfers = Table(
    "transfers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("grains", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("resolves", Text, ForeignKey("transfers.id")),
    Column("held_grains", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("reference", Text, nullable=False),
    Index("uq_transfers_resolves", "resolves", unique=True),
)
balances = Table(
    "balances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("held_debits", BigInteger, nullable=False),
    Column("held_credits", BigInteger, nullable=False),
)
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

_MOVE = "ON CONFLICT (account, currency) DO UPDATE SET " + ", ".join(
    f"{name} = balances.{name} + excluded.{name}" for name in Movement.__struct_fields__
)
_MARK = text(
    "INSERT INTO marks (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def append(connection: Connection, rows: list[Transfer]) -> None:
    """Journal: add transfers and move the balances with them. A known id, or a second resolution, fails."""
    append_rows(connection, transfers, map(msgspec.structs.astuple, rows))
    moved = movements(rows).items()
    append_rows(connection, balances, ((*key, *msgspec.structs.astuple(moves)) for key, moves in moved), _MOVE)


def balances_of(connection: Connection, prefix: str = "") -> dict[Key, Movement]:
    """The kept balances of all accounts that begin with `prefix`."""
    return _kept(connection.execute(select(balances).where(balances.c.account.startswith(prefix, autoescape=True))))


def balances_at(connection: Connection, accounts: Sequence[str]) -> dict[Key, Movement]:
    """The kept balances of some accounts; those that never moved are left out."""
    return _kept(connection.execute(select(balances).where(balances.c.account.in_(accounts))))


def balances_rebuilt(connection: Connection) -> dict[Key, Movement]:
    """The balances as the journal alone gives them: what `balances_of` must equal."""
    return movements(Transfer(*row) for row in connection.execute(select(transfers)).yield_per(10_000))


def _kept(rows: Iterable[Any]) -> dict[Key, Movement]:
    return {(row.account, row.currency): Movement(*row[2:]) for row in rows}


def open_holds(connection: Connection, from_id: str, until_id: str) -> list[Transfer]:
    """Holds with ids in [from_id, until_id) that nothing has resolved, oldest first."""
    other = transfers.alias("other")
    unresolved = ~select(other.c.id).where(other.c.resolves == transfers.c.id).exists()
    pending = and_(transfers.c.state == "pending", transfers.c.id >= from_id, transfers.c.id < until_id)
    return _read(connection.execute(select(transfers).where(pending, unresolved).order_by(transfers.c.id)).all())


def transfers_of(connection: Connection, reference: str) -> list[Transfer]:
    """Every transfer an answer or grant caused, in order; `reference` is the start of their ids."""
    chosen = transfers.c.id.startswith(reference, autoescape=True)
    return _read(connection.execute(select(transfers).where(chosen).order_by(transfers.c.id)).all())


def mark(connection: Connection, name: str) -> str:
    """A place in the journal remembered under a name; empty when there is none."""
    return cast(str, connection.execute(select(marks.c.value).where(marks.c.name == name)).scalar() or "")


def set_mark(connection: Connection, name: str, value: str) -> None:
    """Remember a place in the journal."""
    connection.execute(_MARK, {"name": name, "value": value})


def _read(rows: Iterable[object]) -> list[Transfer]:
    return [Transfer(*row) for row in rows]  # type: ignore[misc]
