"""Adding many rows with few statements: bound values of one INSERT, or on Postgres one array a column.

A statement runs inside the database library with Python's lock released, so one for many rows lets the event
loop go on answering; and it is five times cheaper than passing the rows as JSON (bench/journal.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table

# What a small group brings is one statement; else few sizes, so that few are prepared. One for many more rows costs a
# row no less, and megabytes to prepare and to keep.
_ROWS_AT_ONCE: Final = (32, *range(16, 0, -1))


def append_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]], on_conflict: str = "") -> None:
    """Insert `rows`: values in the order of the table's columns.

    on_conflict: SQL that follows the values, such as "ON CONFLICT (name) DO UPDATE SET ...".
    """
    left = list(rows)
    if not left:
        return
    cursor = connection.connection.cursor()  # the driver's own: this is the hot path of every answer
    if connection.dialect.name == "postgresql":
        cursor.execute(_unnesting(table, on_conflict), _literals(table.columns, left))
        left = []
    while left:
        size = next(size for size in _ROWS_AT_ONCE if size <= len(left))
        cursor.execute(_statement(table, size, on_conflict), tuple(chain.from_iterable(left[:size])))
        del left[:size]
    cursor.close()


@cache
def _statement(table: Table, rows: int, on_conflict: str) -> str:
    row = f"({', '.join('?' * len(table.columns))})"
    return f"{_insert(table)} VALUES {', '.join([row] * rows)} {on_conflict}"


@cache
def _unnesting(table: Table, on_conflict: str) -> str:
    arrays = ", ".join(f"%s::{_array(column.type)}" for column in table.columns)
    return f"{_insert(table)} SELECT * FROM unnest({arrays}) {on_conflict}"  # noqa: S608


def _literals(columns: Iterable[Column[Any]], rows: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """One Postgres array a column, in its own notation: the driver's takes the text "null" for nothing."""
    literals = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        write = _AS_TEXT.get(type(column.type), _text)
        literals.append("{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}")
    return tuple(literals)


def _text(value: str) -> str:
    if "\x00" in value:  # Postgres has no place for it, and anybody may send it: no answer goes unbooked for it
        value = value.replace("\x00", "\ufffd")
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _bytes(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


_AS_TEXT: Final[dict[type, Callable[[Any], str]]] = {BigInteger: str, LargeBinary: _bytes}


def _array(kind: object) -> str:
    if isinstance(kind, BigInteger):
        return "bigint[]"
    return "bytea[]" if isinstance(kind, LargeBinary) else "text[]"


def _insert(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names})"


def shift_rows(
    connection: Connection, table: Table, keys: Sequence[str], column: str, rows: Sequence[Sequence[Any]]
) -> int:
    """Add to `column` of known rows: each of `rows` is the values of `keys`, then what to add.

    Returns how many rows were found.
    """
    if not rows:
        return 0
    cursor = connection.connection.cursor()
    found = 0
    if connection.dialect.name == "postgresql":
        columns = [table.c[name] for name in (*keys, column)]
        cursor.execute(_shifting_arrays(table, tuple(keys), column), _literals(columns, rows))
        found = cursor.rowcount
    else:
        statement = _shifting(table, tuple(keys), column)
        for row in rows:
            cursor.execute(statement, (row[-1], *row[:-1]))
            found += cursor.rowcount
    cursor.close()
    return found


@cache
def _shifting(table: Table, keys: tuple[str, ...], column: str) -> str:
    chosen = " AND ".join(f"{key} = ?" for key in keys)
    return f"UPDATE {table.name} SET {column} = {column} + ? WHERE {chosen}"  # noqa: S608


@cache
def _shifting_arrays(table: Table, keys: tuple[str, ...], column: str) -> str:
    names = (*keys, "shift")
    arrays = ", ".join(f"%s::{_array(table.c[name].type)}" for name in (*keys, column))
    chosen = " AND ".join(f"{table.name}.{key} = shifts.{key}" for key in keys)
    return (
        f"UPDATE {table.name} SET {column} = {table.name}.{column} + shifts.shift "  # noqa: S608
        f"FROM unnest({arrays}) AS shifts({', '.join(names)}) WHERE {chosen}"
    )
