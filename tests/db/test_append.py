"""What is appended is what is read: every column, every kind of value, any number of rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select
from tests.db.opened import opened

from solvent.db.append import append_rows
from solvent.db.engine import open_engine
from solvent.ledger.store import balances, transfers

BIG = 2**63 - 1
ROW = ("id", 1, "posted", "wallet:a", "revenue", 5, "KRW", None, 0, None, "")
TEXTS = [
    "", " ", "'", '"', "''; DROP TABLE transfers; --", "?", ":name", "%s", "%(x)s", "\\", "\\u0000", "[]", "{}", "null",
    "NULL", "1", "1e9", "0x1", "true", "한국어 답변", "👩‍🚀🇰🇷", "\U0010ffff", "a\nb\r\n\tc", "\x00", "a\x00b",
    "\x01\x1f\x7f", "\u2028", "\ufeff", "e\u0301", "x" * 100_000,
]  # fmt: skip


def written(tmp_path: Path, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows of `transfers` after writing these, in the order they were written."""

    def read(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(select(transfers).order_by(transfers.c.at_us))]

    async def story() -> list[tuple[Any, ...]]:
        async with opened(tmp_path) as database:
            await database.write(lambda connection: append_rows(connection, transfers, rows))
            return await database.read(read)

    return asyncio.run(story())


@pytest.mark.parametrize("value", TEXTS, ids=range(len(TEXTS)))
def test_any_text_comes_back_as_it_went_in(tmp_path: Path, value: str) -> None:
    row = (value, 1, value, value, value, 5, value, value, 0, None, value)
    assert written(tmp_path, [row]) == [row]


@pytest.mark.parametrize("value", [0, 1, -1, 2**31, 2**53 + 1, BIG, -BIG, -BIG - 1])
def test_any_whole_number_of_64_bits_comes_back_exactly(tmp_path: Path, value: int) -> None:
    row = ("id", value, "", "", "", value, "", None, value, value, "")
    [found] = written(tmp_path, [row])
    assert found == row
    assert all(type(got) is type(given) for got, given in zip(found, row, strict=True))


def test_nothing_is_not_zero_and_not_empty(tmp_path: Path) -> None:
    nothing = ("a", 1, "", "", "", 0, "", None, 0, None, "")
    empty = ("b", 2, "", "", "", 0, "", "", 0, 0, "")
    assert written(tmp_path, [nothing, empty]) == [nothing, empty]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 600, 1_365])
def test_any_number_of_rows_is_written_once_each(tmp_path: Path, count: int) -> None:
    rows = [(f"id{n}", n, *ROW[2:]) for n in range(count)]
    assert written(tmp_path, rows) == rows


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_does_not_fit_is_an_error_not_a_float(tmp_path: Path, value: int) -> None:
    with pytest.raises(OverflowError):
        written(tmp_path, [("id", value, *ROW[2:])])
    assert written(tmp_path, []) == []


def test_a_batch_that_fails_leaves_none_of_its_rows(tmp_path: Path) -> None:
    rows = [(f"id{n % 300}", n, *ROW[2:]) for n in range(301)]
    with pytest.raises(Exception, match="UNIQUE"):
        written(tmp_path, rows)
    assert written(tmp_path, []) == []


def test_what_is_there_already_can_be_added_to(tmp_path: Path) -> None:
    more = "ON CONFLICT (account, currency) DO UPDATE SET debits = balances.debits + excluded.debits"

    def work(connection: Connection) -> list[tuple[Any, ...]]:
        for _ in range(3):
            append_rows(connection, balances, [(str(n), "KRW", n, 0, 0, 0) for n in range(20)], more)
        return [tuple(row) for row in connection.execute(select(balances.c.account, balances.c.debits))]

    async def story() -> list[tuple[Any, ...]]:
        async with opened(tmp_path) as database:
            return await database.write(work)

    assert sorted(asyncio.run(story())) == sorted((str(n), 3 * n) for n in range(20))


NUMBERS = st.integers(-BIG - 1, BIG)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MAYBE = st.none() | NUMBERS
ROWS = st.lists(
    st.tuples(
        WORDS, NUMBERS, WORDS, WORDS, WORDS, NUMBERS, WORDS, st.none() | WORDS, NUMBERS, st.none() | NUMBERS, WORDS
    ),
    max_size=30,
    unique_by=(lambda row: row[0], lambda row: (row[7] is None and row[0], row[7])),
)


def test_random_rows_come_back_as_they_went_in() -> None:
    with TemporaryDirectory() as folder:
        engine = open_engine(Path(folder))

        @given(ROWS)
        @settings(deadline=None, max_examples=200)
        def rows_come_back(rows: list[tuple[Any, ...]]) -> None:
            with engine.connect() as connection, connection.begin() as transaction:
                append_rows(connection, transfers, rows)
                found = {tuple(row) for row in connection.execute(select(transfers))}
                transaction.rollback()
            assert found == set(rows)

        rows_come_back()
        engine.dispose()
