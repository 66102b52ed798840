"""Texts that begin alike, found by the index of their column: SQLite's LIKE reads a whole table instead.

Postgres uses the index for LIKE where the database sorts by bytes (`LOCALE 'C'`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, and_, true

_LAST: Final = "\U0010ffff"  # sorts after every other character


def text_that_begins(dialect: str, column: str, prefix: str) -> str:
    """The same as text, with nothing bound, for partial indexes and the queries that are to find them.

    SQLite looks at it for every row that is written, where a range costs less than a function or LIKE. prefix: letters,
    then a colon.
    """
    if dialect == "sqlite":
        return f"({column} >= '{prefix}' AND {column} < '{prefix[:-1]}{chr(ord(prefix[-1]) + 1)}')"
    return f"{column} LIKE '{prefix}%'"


def begins_with(connection: Connection, column: Column[str], prefix: str) -> ColumnElement[bool]:
    """Whether the column's text begins with `prefix`, letter by letter in this case."""
    if not prefix:
        return true()
    if connection.dialect.name == "sqlite":
        return and_(column >= prefix, column < prefix + _LAST)
    return column.startswith(prefix, autoescape=True)
