"""What is appended is what is read: every kind of value, any number of rows, on either database; and shifts add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, CheckConstraint, Column, Engine, LargeBinary, MetaData, Table, Text, select
from tests.db.opened import Place

from solvent.db.append import append_rows, shift_rows

BIG = 2**63 - 1
TEXTS = [
    "", " ", "'", '"', "''; DROP TABLE things; --", "?", ":name", "%s", "%(x)s", "%", "\\", "\\u0000", "[]", "{}",
    "{a,b}", '{"a"}', "null", "NULL", "1", "1e9", "0x1", "true", "한국어 답변", "👩\u200d🚀🇰🇷", "\U0010ffff",
    "a\nb\r\n\tc", "\x01\x1f\x7f", "\u2028", "\ufeff", "e\u0301", "x" * 100_000,
]  # fmt: skip
NUL = ["\x00", "a\x00b", "\x00\x00한"]
COUNTS = [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 600, 1_365]
Row = tuple[str, int, int | None, str | None, bytes]

things = Table(
    "things",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("whole", BigInteger, nullable=False),
    Column("maybe_whole", BigInteger),
    Column("maybe_text", Text),
    Column("digest", LargeBinary, nullable=False),
)
heaps = Table(
    "heaps",
    MetaData(),
    Column("place", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("grains", BigInteger, nullable=False),
    CheckConstraint("grains >= 0", name="ck_heaps_grains"),
)


@contextmanager
def with_table(place: Place, table: Table) -> Iterator[Engine]:
    """The database, as the service opens it, with one more table."""
    engine = place.engine()
    table.create(engine)
    yield engine
    table.drop(engine)
    engine.dispose()


def written(place: Place, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """What is read, in order of `whole`, after these were written."""
    with with_table(place, things) as engine:
        with engine.begin() as connection:
            append_rows(connection, things, rows)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(things).order_by(things.c.whole))]


def test_any_text_comes_back_as_it_went_in(place: Place) -> None:
    rows = [(value, n, None, value, b"") for n, value in enumerate(TEXTS)]
    assert written(place, rows) == rows


def test_a_character_that_postgres_cannot_keep_costs_nobody_his_row(place: Place) -> None:
    """U+0000 may be in what a client sends; then the row is written all the same, with U+FFFD in its place."""
    rows = [(value, n, None, value, b"\x00") for n, value in enumerate(NUL)]
    found = written(place, rows)
    if place.url:
        rows = [(id.replace("\x00", "\ufffd"), n, None, id.replace("\x00", "\ufffd"), b"\x00") for id, n, *_ in rows]
    assert found == rows


def test_any_whole_number_of_64_bits_comes_back_exactly(place: Place) -> None:
    values = sorted([0, 1, -1, 2**31, 2**53 + 1, BIG, -BIG, -BIG - 1])
    rows = [(str(n), value, value, None, b"") for n, value in enumerate(values)]
    found = written(place, rows)
    assert found == rows
    assert {type(value) for row in found for value in row[1:3]} == {int}


def test_any_bytes_come_back_as_they_went_in(place: Place) -> None:
    rows = [(str(n), n, None, None, value) for n, value in enumerate((b"", bytes(range(256)), bytes(32), b"\\x41'"))]
    assert written(place, rows) == rows


def test_nothing_is_not_zero_and_not_empty(place: Place) -> None:
    rows = [("a", 1, None, None, b""), ("b", 2, 0, "", b""), ("c", 3, 0, None, b""), ("d", 4, None, "", b"")]
    assert written(place, rows) == rows


def test_any_number_of_rows_is_written_once_each(place: Place) -> None:
    with with_table(place, things) as engine:
        for count in COUNTS:
            rows = [(f"id{n}", n, n % 3 or None, str(n), bytes([n % 256])) for n in range(count)]
            with engine.connect() as connection, connection.begin() as transaction:
                append_rows(connection, things, rows)
                assert [tuple(row) for row in connection.execute(select(things).order_by(things.c.whole))] == rows
                transaction.rollback()


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_does_not_fit_is_an_error_not_a_float(place: Place, value: int) -> None:
    with with_table(place, things) as engine:
        with pytest.raises(Exception, match=r"too large|out of range"), engine.begin() as connection:
            append_rows(connection, things, [("id", value, None, None, b"")])
        with engine.connect() as connection:
            assert connection.execute(select(things)).all() == []


def test_a_batch_that_fails_leaves_none_of_its_rows(place: Place) -> None:
    with with_table(place, things) as engine:
        with pytest.raises(Exception, match=r"UNIQUE|unique"), engine.begin() as connection:
            append_rows(connection, things, [(f"id{n % 300}", n, None, None, b"") for n in range(301)])
        with engine.connect() as connection:
            assert connection.execute(select(things)).all() == []


def test_what_is_there_already_can_be_added_to(place: Place) -> None:
    more = "ON CONFLICT (id) DO UPDATE SET whole = things.whole + excluded.whole"
    with with_table(place, things) as engine, engine.begin() as connection:
        for _ in range(3):
            append_rows(connection, things, [(str(n), n, None, None, b"") for n in range(300)], more)
        found = {row.id: row.whole for row in connection.execute(select(things))}
        connection.rollback()
    assert found == {str(n): 3 * n for n in range(300)}


NUMBERS = st.integers(-BIG - 1, BIG)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
ROWS = st.lists(
    st.tuples(WORDS, NUMBERS, st.none() | NUMBERS, st.none() | WORDS, st.binary(max_size=40)),
    max_size=30, unique_by=lambda row: row[0],
)  # fmt: skip


def test_random_rows_come_back_as_they_went_in(place: Place) -> None:
    with with_table(place, things) as engine:

        @given(ROWS)
        @settings(deadline=None, max_examples=60 if place.url else 200)
        def rows_come_back(rows: list[Row]) -> None:
            with engine.connect() as connection, connection.begin() as transaction:
                append_rows(connection, things, rows)
                found = {tuple(row) for row in connection.execute(select(things))}
                transaction.rollback()
            assert found == set(rows)

        rows_come_back()


def test_shifts_are_added_to_the_rows_that_are_known(place: Place) -> None:
    """Any number of them, in any order; how many were found tells whether any was not."""
    random = Random(5)
    with with_table(place, heaps) as engine:
        for count in COUNTS:
            known = {(f"h{n % 7}", n): n * 10 for n in range(count)}
            shifts = [(name, n, random.randrange(-n * 10, 10**6)) for name, n in known]
            random.shuffle(shifts)
            with engine.connect() as connection, connection.begin() as transaction:
                append_rows(connection, heaps, [(*key, grains) for key, grains in known.items()])
                assert shift_rows(connection, heaps, ("place", "number"), "grains", shifts) == count
                unknown = [("h0", -1, 5), ("nowhere", 0, 5)]
                assert shift_rows(connection, heaps, ("place", "number"), "grains", unknown) == 0
                assert shift_rows(connection, heaps, ("place", "number"), "grains", [*unknown, ("h0", 0, 0)]) == (
                    1 if count else 0
                )
                found = {(name, n): grains for name, n, grains in connection.execute(select(heaps))}
                transaction.rollback()
            assert found == {(name, n): known[name, n] + shift for name, n, shift in shifts}


def test_a_shift_below_what_is_allowed_fails_and_takes_every_other_with_it(place: Place) -> None:
    with with_table(place, heaps) as engine:
        with engine.begin() as connection:
            append_rows(connection, heaps, [("a", 1, 5), ("b", 1, 5)])
        with pytest.raises(Exception, match="ck_heaps_grains"), engine.begin() as connection:
            shift_rows(connection, heaps, ("place", "number"), "grains", [("a", 1, 3), ("b", 1, -6)])
        with engine.connect() as connection:
            assert {tuple(row) for row in connection.execute(select(heaps))} == {("a", 1, 5), ("b", 1, 5)}
