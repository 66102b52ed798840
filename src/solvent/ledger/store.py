"""The ledger's tables: the journal of transfers, and balances as its projection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, and_, bindparam, select, text

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.ledger.balance import Movement, movements
from solvent.ledger.transfer import Transfer
from solvent.values.ids import TransferId

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
    Column("resolves", Text),
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

_MOVE = text(
    "INSERT INTO balances (account, currency, debits, credits, held_debits, held_credits) "
    "VALUES (:account, :currency, :debits, :credits, :held_debits, :held_credits) "
    "ON CONFLICT (account, currency) DO UPDATE SET debits = balances.debits + excluded.debits, "
    "credits = balances.credits + excluded.credits, "
    "held_debits = balances.held_debits + excluded.held_debits, "
    "held_credits = balances.held_credits + excluded.held_credits"
)
_MARK = text(
    "INSERT INTO marks (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_HELD = select(transfers.c.id, transfers.c.grains).where(
    transfers.c.id.in_(bindparam("ids", expanding=True)), transfers.c.state == "pending"
)


def append(connection: Connection, rows: list[Transfer]) -> None:
    """Journal: add transfers and move the balances with them. A known id, or a second resolution, fails."""
    append_rows(connection, transfers, rows)
    among = {row.id for row in rows if row.state == "pending"}
    earlier = [row.resolves for row in rows if row.resolves is not None and row.resolves not in among]
    held: dict[TransferId, int] = {}
    for start in range(0, len(earlier), 500):
        found = connection.execute(_HELD, {"ids": earlier[start : start + 500]})
        held.update((id, grains) for id, grains in found)
    _move(connection, movements(rows, held))


def _move(connection: Connection, moved: dict[tuple[str, str], Movement]) -> None:
    connection.execute(
        _MOVE,
        [
            {
                "account": account,
                "currency": currency,
                "debits": movement.debits,
                "credits": movement.credits,
                "held_debits": movement.held_debits,
                "held_credits": movement.held_credits,
            }
            for (account, currency), movement in moved.items()
        ],
    )


def balances_of(connection: Connection, prefix: str = "") -> dict[tuple[str, str], Movement]:
    """The kept balances of all accounts that begin with `prefix`."""
    rows = connection.execute(select(balances).where(balances.c.account.startswith(prefix, autoescape=True)))
    return {
        (row.account, row.currency): Movement(row.debits, row.credits, row.held_debits, row.held_credits)
        for row in rows
    }


def balances_rebuilt(connection: Connection) -> dict[tuple[str, str], Movement]:
    """The balances as the journal alone gives them: what `balances_of` must equal."""
    rows = _read(connection.execute(select(transfers).order_by(transfers.c.at_us, transfers.c.id)).all())
    holds = {row.id: row.grains for row in rows if row.state == "pending"}
    return movements(rows, holds)


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
