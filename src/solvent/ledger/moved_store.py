"""What is behind a figure of the books: the rows that moved some accounts between two instants, and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, and_, func, or_, select

from solvent.db.prefix import begins_with
from solvent.ledger.balance import Key, Movement
from solvent.ledger.journal_store import Row, rows_of_either, rows_where
from solvent.ledger.store import balances, transfers

# Of these no answer moves anything, so their rows are found by an index.
_BESIDE: Final = (
    "cash", "vat", "fx", "suspense", "deferred", "refunds", "receivable:processor", "receivable:invoices",
    "receivable:set_off", "expense:payment_fees", "expense:chargebacks", "expense:bad_debt", "revenue:subscriptions",
    "revenue:packs", "revenue:breakage", "cost:engine:idle", "cost:edge",
)  # fmt: skip


def rows_moved(
    connection: Connection, accounts: str, from_us: int, until_us: int, before_seq: int, count: int
) -> list[Row]:
    """Up to `count` posted rows of [from_us, until_us), newest first, before a number of the chain: those that debit or
    credit an account of this name, or one of the class of it, such as wallet.

    Rows between two of them move nothing in sum, and are there all the same.
    """
    known = select(balances.c.account).where(_is_in(connection, balances.c.account, accounts)).limit(1)
    if connection.execute(known).first() is None:
        return []  # and the journal is not read for it
    is_beside = any(f"{accounts}:".startswith(f"{one}:") for one in _BESIDE)
    sides = (_is_in(connection, side, accounts) for side in (transfers.c.debit, transfers.c.credit))
    if not is_beside:
        return rows_where(connection, and_(or_(*sides), _posted(from_us, until_us)), before_seq, count)
    return rows_of_either(connection, [and_(side, _posted(from_us, until_us)) for side in sides], before_seq, count)


def rows_beside(
    connection: Connection, accounts: Sequence[str], unit: str, from_us: int, until_us: int, before_seq: int, count: int
) -> list[Row]:
    """The same of some accounts by their whole names, in one unit, without what answers moved."""
    of = and_(_posted(from_us, until_us), transfers.c.currency == unit)
    sides = [and_(side.in_(accounts), of) for side in (transfers.c.debit, transfers.c.credit)]
    return rows_of_either(connection, sides, before_seq, count)


def sums_moved(connection: Connection, accounts: str, first_month: int, last_month: int) -> dict[Key, Movement]:
    """What those of `rows_moved` come to in months such as 202611, both included, by account and unit: as kept."""
    key = (balances.c.account, balances.c.currency)
    chosen = select(*key, *(func.sum(balances.c[name]) for name in Movement.__struct_fields__)).where(
        _is_in(connection, balances.c.account, accounts),
        balances.c.month >= first_month,
        balances.c.month <= last_month,
    )
    rows = connection.execute(chosen.group_by(*key).order_by(*key))
    return {(row[0], row[1]): Movement(*(int(total) for total in row[2:])) for row in rows}


def _posted(from_us: int, until_us: int) -> ColumnElement[bool]:
    return and_(transfers.c.state == "posted", transfers.c.at_us >= from_us, transfers.c.at_us < until_us)


def _is_in(connection: Connection, column: Column[str], accounts: str) -> ColumnElement[bool]:
    return or_(column == accounts, begins_with(connection, column, f"{accounts}:"))
