"""Opening the database: today's tables, exactly; yesterday's rows, all of them; else one clear line."""

from __future__ import annotations

import asyncio
import importlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, inspect, text
from tests.db.opened import opened

from solvent.db.engine import FILE_NAME, migrate, open_engine
from solvent.db.tables import metadata
from solvent.values.errors import Unavailable

SRC = Path(__file__).parents[2] / "src"


def import_every_store() -> None:
    for file in sorted((SRC / "solvent").glob("*/store.py")):
        importlib.import_module(".".join(file.relative_to(SRC).with_suffix("").parts))


def test_migrations_make_exactly_the_tables_of_the_stores(tmp_path: Path) -> None:
    import_every_store()
    assert {"transfers", "receipts", "margins", "customers"} <= metadata.tables.keys()
    engine = open_engine(tmp_path)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        for table in metadata.tables.values():
            columns = inspect(connection).get_columns(table.name)
            assert [column["name"] for column in columns] == [column.name for column in table.columns], table.name
            keys = inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key], table.name
    engine.dispose()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    with engine.connect() as connection:
        before = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY name")).all()
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY name")).all() == before
    engine.dispose()


def test_a_second_opening_goes_on_where_the_first_was(tmp_path: Path) -> None:
    async def first() -> None:
        async with opened(tmp_path) as database:
            await database.write(lambda c: c.execute(text("INSERT INTO marks VALUES ('a', 'kept')")).rowcount)

    async def second() -> Any:
        async with opened(tmp_path) as database:
            return await database.read(lambda c: c.execute(text("SELECT value FROM marks")).scalar())

    asyncio.run(first())
    assert asyncio.run(second()) == "kept"


def test_every_connection_is_durable_and_lets_readers_in(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    engine.dispose()


@contextmanager
def crash_at_statement(number: int) -> Iterator[list[str]]:
    """Every statement of any engine counts; the one of this number never runs, as when the power goes."""
    seen: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)
        if len(seen) == number:
            raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def test_a_crash_in_the_middle_of_a_migration_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    with crash_at_statement(0) as seen:
        open_engine(tmp_path / "whole").dispose()
    assert len(seen) > 10
    stuck = []
    for number in range(1, len(seen) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(KeyboardInterrupt), crash_at_statement(number):
            open_engine(folder)
        try:
            open_engine(folder).dispose()
        except Unavailable as wrong:
            stuck.append(f"after {number - 1} statements: {wrong.message}")
    assert not stuck, stuck


@pytest.mark.parametrize("name", ["plain", "with space", "한글", "a#b", "a%20b", "a?b", "a&b=c", "it's", "a:b", "a\\b"])
def test_the_directory_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    open_engine(folder).dispose()
    assert (folder / FILE_NAME).is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_directory_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        open_engine(tmp_path / "nowhere")
    assert caught.value.code == "database_unusable"
    assert str(tmp_path / "nowhere") in caught.value.message


def test_a_file_that_is_no_database_is_one_clear_line_and_stays_as_it_was(tmp_path: Path) -> None:
    garbage = os.urandom(8_192)
    (tmp_path / FILE_NAME).write_bytes(garbage)
    with pytest.raises(Unavailable) as caught:
        open_engine(tmp_path)
    assert caught.value.code == "database_unusable"
    assert (tmp_path / FILE_NAME).read_bytes() == garbage


def test_books_of_a_newer_version_are_refused_in_one_clear_line(tmp_path: Path) -> None:
    open_engine(tmp_path).dispose()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(Unavailable) as caught:
        open_engine(tmp_path)
    assert caught.value.code == "database_unusable"
