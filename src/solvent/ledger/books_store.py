"""Sums of accounts by month, one line for all customers' accounts of a class."""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, func, select

from solvent.ledger.books import CLASSES, AccountSum
from solvent.ledger.store import balances

_CLASS = case(
    *((balances.c.account.like(f"{name}:%"), name) for name in CLASSES),
    else_=balances.c.account,
).label("class")


def moved_between(connection: Connection, from_month: int, until_month: int) -> list[AccountSum]:
    """What each account or class moved in the months [from_month, until_month], such as 202611; no opening."""
    chosen = and_(balances.c.month >= from_month, balances.c.month <= until_month)
    moved = select(_CLASS, balances.c.currency, balances.c.debits, balances.c.credits).where(chosen).subquery()
    keys = (moved.c["class"], moved.c.currency)
    rows = connection.execute(select(*keys, func.sum(moved.c.debits), func.sum(moved.c.credits)).group_by(*keys))
    found = [AccountSum(row[0], row[1], 0, int(row[2]), int(row[3])) for row in rows]
    return sorted(found, key=lambda one: (one.account, one.unit))


def first_month(connection: Connection) -> int | None:
    """The first month that anything was booked in."""
    found = connection.execute(select(func.min(balances.c.month))).scalar()
    return None if found is None else int(found)
