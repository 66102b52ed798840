"""Reading the journal for people: pages of one account or cause, and the whole of it in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_

from solvent.db.prefix import begins_with
from solvent.ledger.balance import Key, Movement
from solvent.ledger.chain import Head, read_head
from solvent.ledger.store import CHAIN, balances, balances_of, beside_answers, mark, transfers
from solvent.ledger.transfer import Transfer

Row = tuple[int, Transfer]  # its number in the chain, and the transfer

_FIELDS: Final = len(Transfer.__struct_fields__)
_ROW = (transfers.c.seq, *transfers.columns.values()[:_FIELDS])


def head_and_balances(connection: Connection) -> tuple[Head, dict[Key, Movement]]:
    """Where the chain has come to, and the kept balances of every account there."""
    head = read_head(mark(connection, CHAIN))  # the first read: the snapshot begins with it
    return head, balances_of(connection)


def rows_after(connection: Connection, seq: int, until_seq: int, count: int) -> list[Row]:
    """Up to `count` rows after a number of the chain, in its order, none beyond `until_seq`."""
    chosen = and_(transfers.c.seq > seq, transfers.c.seq <= until_seq)
    return _rows(connection.execute(select(*_ROW).where(chosen).order_by(transfers.c.seq).limit(count)))


def rows_of_account(
    connection: Connection, account: str, before_seq: int, count: int, *, with_answers: bool = False
) -> list[Row]:
    """Up to `count` rows that debit or credit an account, newest first, before a number of the chain.

    with_answers: those of answers too; they have no index, so that answers are booked quickly.
    """
    if with_answers:
        either = or_(transfers.c.debit == account, transfers.c.credit == account)
        return rows_where(connection, either, before_seq, count)
    sides = [side == account for side in (transfers.c.debit, transfers.c.credit)]
    return rows_of_either(connection, sides, before_seq, count)


def rows_of_either(
    connection: Connection, sides: Sequence[ColumnElement[bool]], before_seq: int, count: int
) -> list[Row]:  # fmt: skip
    """Rows beside answers' of which one side or the other is as is said, each found by its own index, and once."""
    found = {
        row[0]: row
        for side in sides
        for row in rows_where(connection, and_(side, beside_answers(connection)), before_seq, count)
    }  # fmt: skip
    return [found[seq] for seq in sorted(found, reverse=True)][:count]


def rows_where(connection: Connection, chosen: ColumnElement[bool], before_seq: int, count: int) -> list[Row]:
    """Up to `count` rows that are as is said, newest first, before a number of the chain."""
    newest = select(*_ROW).where(transfers.c.seq < before_seq, chosen)
    return _rows(connection.execute(newest.order_by(transfers.c.seq.desc()).limit(count)))


def rows_of_cause(connection: Connection, cause: str, after_id: str, count: int) -> list[Row]:
    """Up to `count` rows that one answer, grant or other cause made, by their ids, which begin with it."""
    chosen = and_(begins_with(connection, transfers.c.id, cause), transfers.c.id > after_id)
    return _rows(connection.execute(select(*_ROW).where(chosen).order_by(transfers.c.id).limit(count)))


def accounts_page(connection: Connection, prefix: str, after: Key, count: int) -> list[tuple[Key, Movement]]:
    """Up to `count` accounts with their kept balances, by name and unit: those that begin with `prefix`."""
    key = (balances.c.account, balances.c.currency)
    chosen = begins_with(connection, balances.c.account, prefix)
    rows = connection.execute(
        select(*key, *(func.sum(balances.c[name]) for name in Movement.__struct_fields__))
        .where(chosen, tuple_(*key) > after)
        .group_by(*key)
        .order_by(*key)
        .limit(count)
    )
    return [((row[0], row[1]), Movement(*(int(total) for total in row[2:]))) for row in rows]


def first_instant(connection: Connection) -> int | None:
    """When the first row was written; None in empty books."""
    return connection.execute(select(transfers.c.at_us).order_by(transfers.c.seq).limit(1)).scalar()


def last_instant(connection: Connection) -> int | None:
    """The instant of the row that was written last; None in empty books."""
    return connection.execute(select(transfers.c.at_us).order_by(transfers.c.seq.desc()).limit(1)).scalar()


def _rows(rows: Iterable[Any]) -> list[Row]:
    return [(row[0], Transfer(*row[1:])) for row in rows]
