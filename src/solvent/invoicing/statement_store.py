"""The table of statements: one row for each customer, currency and month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, and_, func, select

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.invoicing.statement import ModelUse, PotUse, Statement, Wallet
from solvent.values.ids import CustomerId

_WALLET: Final = Wallet.__struct_fields__
_SUMS: Final = (*_WALLET, "on_account", "vat", "vat_carried")

statements = Table(
    "statements",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("month", BigInteger, primary_key=True),
    *(Column(f"{name}_grains", BigInteger, nullable=False) for name in _SUMS),
    Column("use", LargeBinary, nullable=False),
    Index("ix_statements_month", "month"),
)


class _Use(msgspec.Struct, frozen=True):
    models: tuple[ModelUse, ...]
    pots: tuple[PotUse, ...]


_decode = msgspec.json.Decoder(_Use).decode
_encode = msgspec.json.Encoder().encode


def add_statements(connection: Connection, added: Iterable[Statement]) -> None:
    """Add statements; one that is there already stays as it is."""
    append_rows(connection, statements, map(_row, added), "ON CONFLICT (customer, currency, month) DO NOTHING")


def statement_of(connection: Connection, customer: CustomerId, month: int) -> list[Statement]:
    """A customer's statements of a month, one for each currency; none while the month is open."""
    chosen = and_(statements.c.customer == customer, statements.c.month == month)
    rows = connection.execute(select(statements).where(chosen).order_by(statements.c.currency))
    return [_read(row) for row in rows]


def statements_of(connection: Connection, customer: CustomerId, count: int) -> list[Statement]:
    """A customer's latest statements, newest first."""
    order = (statements.c.month.desc(), statements.c.currency)
    rows = connection.execute(select(statements).where(statements.c.customer == customer).order_by(*order).limit(count))
    return [_read(row) for row in rows]


def all_of_month(connection: Connection, month: int) -> Iterable[Statement]:
    """Every statement of a month, in no order."""
    rows = connection.execute(select(statements).where(statements.c.month == month)).yield_per(5_000)
    return (_read(row) for row in rows)


def used_on_account(connection: Connection, month: int, customers: Sequence[CustomerId]) -> list[Statement]:
    """Those statements of customers' month that have usage on account."""
    chosen = and_(statements.c.month == month, statements.c.on_account_grains > 0)
    rows = connection.execute(select(statements).where(chosen, statements.c.customer.in_(customers)))
    return [_read(row) for row in rows]


def latest_before(
    connection: Connection, customers: Sequence[CustomerId], month: int
) -> dict[tuple[CustomerId, str], tuple[int, int, int]]:
    """By customer and currency, from their last statement before a month: closing balance, gifts left, VAT carried."""
    newest = (
        select(statements.c.customer, statements.c.currency, func.max(statements.c.month).label("month"))
        .where(statements.c.customer.in_(customers), statements.c.month < month)
        .group_by(statements.c.customer, statements.c.currency)
        .subquery()
    )
    same = and_(*(statements.c[name] == newest.c[name] for name in ("customer", "currency", "month")))
    rows = connection.execute(select(statements).join(newest, same))
    found = {}
    for row in rows:
        one = _read(row)
        found[one.customer, one.currency] = (one.wallet.closing, one.wallet.gifts_left, one.vat_carried)
    return found


def _row(one: Statement) -> tuple[Any, ...]:
    sums = (*msgspec.structs.astuple(one.wallet), one.on_account, one.vat, one.vat_carried)
    return (one.customer, one.currency, one.month, *sums, _encode(_Use(one.models, one.pots)))


def _read(row: Any) -> Statement:
    customer, currency, month, *sums, use = row
    kept = _decode(bytes(use))
    moved = Wallet(**dict(zip(_WALLET, sums, strict=False)))
    on_account, vat, carried = sums[len(_WALLET) :]
    return Statement(
        customer=CustomerId(customer), currency=currency, month=month, wallet=moved, on_account=on_account, vat=vat,
        vat_carried=carried, models=kept.models, pots=kept.pots,
    )  # fmt: skip
