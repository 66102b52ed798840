"""What is appended is what is read: every kind of value, any number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import IntegrityError
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, Text, select

from solvent.db.append import append_rows
from solvent.db.engine import open_engine

BIG = 2**63 - 1
TEXTS = [
    "", " ", "'", '"', "''; DROP TABLE things; --", "?", ":name", "%s", "%(x)s", "\\", "\\u0000", "[]", "{}", "null",
    "NULL", "1", "1e9", "0x1", "true", "한국어 답변", "👩\u200d🚀🇰🇷", "\U0010ffff", "a\nb\r\n\tc", "\x00", "a\x00b",
    "\x01\x1f\x7f", "\u2028", "\ufeff", "e\u0301", "x" * 100_000,
]  # fmt: skip
Row = tuple[str, int, int | None, str | None]

things = Table(
    "things",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("whole", BigInteger, nullable=False),
    Column("maybe_whole", BigInteger),
    Column("maybe_text", Text),
)


@contextmanager
def a_table() -> Iterator[Engine]:
    """SQLite, as the service opens it, with one more table."""
    with TemporaryDirectory() as folder:
        engine = open_engine(Path(folder))
        things.create(engine)
        yield engine
        engine.dispose()


def written(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """What is read, in order of `whole`, after these were written."""
    with a_table() as engine:
        with engine.begin() as connection:
            append_rows(connection, things, rows)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(things).order_by(things.c.whole))]


@pytest.mark.parametrize("value", TEXTS, ids=range(len(TEXTS)))
def test_any_text_comes_back_as_it_went_in(value: str) -> None:
    row = (value, 1, None, value)
    assert written([row]) == [row]


@pytest.mark.parametrize("value", [0, 1, -1, 2**31, 2**53 + 1, BIG, -BIG, -BIG - 1])
def test_any_whole_number_of_64_bits_comes_back_exactly(value: int) -> None:
    row = ("id", value, value, None)
    [found] = written([row])
    assert found == row
    assert all(type(got) is type(given) for got, given in zip(found, row, strict=True))


def test_nothing_is_not_zero_and_not_empty() -> None:
    rows = [("a", 1, None, None), ("b", 2, 0, ""), ("c", 3, 0, None)]
    assert written(rows) == rows


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 600, 1_365])
def test_any_number_of_rows_is_written_once_each(count: int) -> None:
    rows = [(f"id{n}", n, n % 3 or None, str(n)) for n in range(count)]
    assert written(rows) == rows


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_does_not_fit_is_an_error_not_a_float(value: int) -> None:
    with pytest.raises(OverflowError):
        written([("id", value, None, None)])


def test_a_batch_that_fails_leaves_none_of_its_rows() -> None:
    with a_table() as engine:
        with pytest.raises(IntegrityError), engine.begin() as connection:
            append_rows(connection, things, [(f"id{n % 300}", n, None, None) for n in range(301)])
        with engine.connect() as connection:
            assert connection.execute(select(things)).all() == []


def test_what_is_there_already_can_be_added_to() -> None:
    more = "ON CONFLICT (id) DO UPDATE SET whole = things.whole + excluded.whole"
    with a_table() as engine, engine.begin() as connection:
        for _ in range(3):
            append_rows(connection, things, [(str(n), n, None, None) for n in range(20)], more)
        found = {row.id: row.whole for row in connection.execute(select(things))}
    assert found == {str(n): 3 * n for n in range(20)}


NUMBERS = st.integers(-BIG - 1, BIG)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROWS = st.lists(
    st.tuples(WORDS, NUMBERS, st.none() | NUMBERS, st.none() | WORDS), max_size=30, unique_by=lambda row: row[0]
)


def test_random_rows_come_back_as_they_went_in() -> None:
    with a_table() as engine:

        @given(ROWS)
        @settings(deadline=None, max_examples=200)
        def rows_come_back(rows: list[Row]) -> None:
            with engine.connect() as connection, connection.begin() as transaction:
                append_rows(connection, things, rows)
                found = {tuple(row) for row in connection.execute(select(things))}
                transaction.rollback()
            assert found == set(rows)

        rows_come_back()
