"""Sums of accounts by month, one line for all customers' accounts of a class."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select, union_all

from solvent.ledger.books import CLASSES, AccountSum
from solvent.ledger.store import balances


def moved_between(connection: Connection, from_month: int, until_month: int) -> list[AccountSum]:
    """What each account or class moved in the months [from_month, until_month], such as 202611; no opening."""
    month = balances.c.month
    is_one = from_month == until_month
    months = month == from_month if is_one else and_(month >= from_month, month <= until_month)
    rows = connection.execute(union_all(*_parts(months)))
    found = [AccountSum(row[0], row[1], 0, int(row[2]), int(row[3])) for row in rows]
    return sorted(found, key=lambda one: (one.account, one.unit))


def _parts(months: ColumnElement[bool]) -> list[Select[Any]]:
    """The accounts in their order: those of a class in one sum, and each of those between.

    As ranges of the index: half the time of asking every account what it is.
    """
    account, currency = balances.c.account, balances.c.currency
    sums = (func.sum(balances.c.debits), func.sum(balances.c.credits))
    parts: list[Select[Any]] = []
    since = ""
    for name in sorted(CLASSES, key=_first):
        between = select(account, currency, *sums).where(months, account >= since, account < _first(name))
        of_class = select(literal(name), currency, *sums).where(months, account >= _first(name), account < _after(name))
        parts += [between.group_by(account, currency), of_class.group_by(currency)]
        since = _after(name)
    return [*parts, select(account, currency, *sums).where(months, account >= since).group_by(account, currency)]


def _first(name: str) -> str:
    """What all accounts of a class begin with, so that it sorts before them."""
    return f"{name}:"


def _after(name: str) -> str:
    return f"{name};"  # the sign that follows the colon


def first_month(connection: Connection) -> int | None:
    """The first month that anything was booked in."""
    found = connection.execute(select(func.min(balances.c.month))).scalar()
    return None if found is None else int(found)
