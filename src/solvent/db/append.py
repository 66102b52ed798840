"""Appending many rows with one statement: the rows travel as one JSON text.

The whole batch then runs inside the database library with Python's lock released, so that the event
loop goes on answering while it is written.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, Table, Text, text
from sqlalchemy.sql.elements import TextClause


def append_rows(connection: Connection, table: Table, rows: list[Any]) -> None:
    """Insert `rows`: structs encoded as arrays, whose fields are the table's columns in their order."""
    connection.execute(_statement(table, connection.dialect.name), {"rows": msgspec.json.encode(rows).decode()})


@cache
def _statement(table: Table, dialect: str) -> TextClause:
    columns = ", ".join(column.name for column in table.columns)
    if dialect == "sqlite":
        values = ", ".join(f"value ->> {n}" for n in range(len(table.columns)))
        return text(f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM json_each(:rows)")  # noqa: S608
    values = ", ".join(f"(value ->> {n})::{_type(column.type)}" for n, column in enumerate(table.columns))
    source = "jsonb_array_elements(CAST(:rows AS jsonb))"
    return text(f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {source}")  # noqa: S608


def _type(column_type: object) -> str:
    if isinstance(column_type, BigInteger):
        return "bigint"
    assert isinstance(column_type, Text), "journals hold whole numbers and texts"
    return "text"
