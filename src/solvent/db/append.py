"""Adding many rows with few statements, as bound values of one INSERT.

A statement runs inside the database library with Python's lock released, so one for many rows lets the event
loop go on answering; and it is five times cheaper than passing the rows as JSON (bench/journal.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Table

# Few sizes, so that few statements are prepared; the largest keeps within SQLite's 32,766 bound values.
_ROWS_AT_ONCE: Final = (256, 128, 64, 32, 16, 8, 4, 2, 1)


def append_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]], on_conflict: str = "") -> None:
    """Insert `rows`: values in the order of the table's columns.

    on_conflict: SQL that follows the values, such as "ON CONFLICT (name) DO UPDATE SET ...".
    """
    left = list(rows)
    cursor = connection.connection.cursor()  # the driver's own: this is the hot path of every answer
    while left:
        size = next(size for size in _ROWS_AT_ONCE if size <= len(left))
        statement = _statement(table, size, connection.dialect.paramstyle, on_conflict)
        cursor.execute(statement, tuple(chain.from_iterable(left[:size])))
        del left[:size]
    cursor.close()


@cache
def _statement(table: Table, rows: int, paramstyle: str, on_conflict: str) -> str:
    mark = "?" if paramstyle == "qmark" else "%s"
    names = ", ".join(column.name for column in table.columns)
    row = f"({', '.join([mark] * len(table.columns))})"
    return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * rows)} {on_conflict}"  # noqa: S608
