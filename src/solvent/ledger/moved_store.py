"""What is behind a figure of the books: the rows that moved some accounts between two instants, and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, TextClause, and_, func, or_, select, text

from solvent.db.prefix import begins_with
from solvent.ledger.balance import Key, Movement
from solvent.ledger.journal_store import Row, rows_of_either, rows_where
from solvent.ledger.store import BESIDE_ANSWERS, DEFAULT_TIME_ZONE, TIME_ZONE, balances, last_seq, mark, transfers
from solvent.values.instant import US_PER_S
from solvent.values.limits import JOURNAL_SLACK_S
from solvent.values.period import next_month, start_of_month, zone

# Of these no answer moves anything, so their rows are found by an index.
_BESIDE: Final = (
    "cash", "vat", "fx", "suspense", "deferred", "refunds", "receivable:processor", "receivable:invoices",
    "receivable:set_off", "expense:payment_fees", "expense:chargebacks", "expense:bad_debt", "revenue:subscriptions",
    "revenue:packs", "revenue:breakage", "cost:engine:idle", "cost:edge",
)  # fmt: skip


def rows_moved(
    connection: Connection, accounts: str, first_month: int, last_month: int, before_seq: int, count: int
) -> list[Row]:
    """Up to `count` posted rows of months such as 202611, both included, newest first, before a number of the chain:
    those that debit or credit an account of this name, or one of the class of it, such as wallet.

    Rows between two of them move nothing in sum, and are there all the same. What answers moved is sought only where
    the journal tells of months in which the accounts moved.
    """
    months = _months_moved(connection, accounts, first_month, last_month)
    if not months:
        return []
    in_zone = zone(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    spans = [(start_of_month(first, in_zone), start_of_month(next_month(last), in_zone)) for first, last in months]
    posted = _posted(spans[-1][0], spans[0][1])
    sides = [and_(_is_in(connection, side, accounts), posted) for side in (transfers.c.debit, transfers.c.credit)]
    rows = rows_of_either(connection, sides, before_seq, count)
    if any(f"{accounts}:".startswith(f"{one}:") for one in _BESIDE):
        return rows
    found: list[Row] = []
    for first, until in _places(connection, spans):
        wanted = and_(or_(*sides), _of_answers(connection), transfers.c.seq >= first)
        found += rows_where(connection, wanted, min(before_seq, until), count - len(found))
        if len(found) == count:
            break
    return sorted([*rows, *found], key=lambda row: row[0], reverse=True)[:count]


def _months_moved(connection: Connection, accounts: str, first_month: int, last_month: int) -> list[tuple[int, int]]:
    """The first and last of each run of months in which they moved, the newest run first."""
    chosen = select(balances.c.month).distinct().where(
        _is_in(connection, balances.c.account, accounts), balances.c.month.between(first_month, last_month),
        or_(balances.c.debits != 0, balances.c.credits != 0),
    )  # fmt: skip
    runs: list[tuple[int, int]] = []
    for month in connection.execute(chosen.order_by(balances.c.month.desc())).scalars():
        if runs and next_month(month) == runs[-1][0]:
            runs[-1] = (month, runs[-1][1])
        else:
            runs.append((month, month))
    return runs


def _places(connection: Connection, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where the journal tells of these times, as far as answers go, the newest first: from one place until another.

    What an answer moves is written when it happens, give or take `JOURNAL_SLACK_S`: twice that is allowed for, since
    the row that a place is found by may be as far off as the row that is sought.
    """
    slack_us = 2 * JOURNAL_SLACK_S * US_PER_S
    places: list[tuple[int, int]] = []
    for from_us, until_us in spans:
        first, until = (_place(connection, at_us) for at_us in (from_us - slack_us, until_us + slack_us))
        places.append((first, min(until, places[-1][0]) if places else until))
    return places


def _place(connection: Connection, at_us: int) -> int:
    """A place in the journal with an answer's row of before an instant before it, and one of after it there."""
    low, high = 0, last_seq(connection) + 1
    while low < high:
        middle = (low + high) // 2
        there = select(transfers.c.seq, transfers.c.at_us).where(transfers.c.seq >= middle, _of_answers(connection))
        row = connection.execute(there.order_by(transfers.c.seq).limit(1)).first()
        if row is None or row.at_us >= at_us:
            high = middle
        else:
            low = row.seq + 1
    return low


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


def _of_answers(connection: Connection) -> TextClause:
    return text(f"NOT ({BESIDE_ANSWERS[connection.dialect.name]})")
