"""Opening the database: today's tables, exactly; yesterday's rows, all of them; else one clear line."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from tests.db.opened import Place
from tests.db.postgres import Postgres

from solvent.db.engine import FILE_NAME, READ, WRITE, migrate, open_engine
from solvent.db.tables import metadata
from solvent.db.turns import TurnTaking
from solvent.values.errors import Invalid, Unavailable

SRC = Path(__file__).parents[2] / "src"


def import_every_store() -> None:
    for file in sorted((SRC / "solvent").glob("*/*store.py")):
        importlib.import_module(".".join(file.relative_to(SRC).with_suffix("").parts))


def test_migrations_make_exactly_the_tables_of_the_stores(place: Place) -> None:
    import_every_store()
    assert {"transfers", "pots", "leases", "receipts", "margins", "customers"} <= metadata.tables.keys()
    engine = place.engine()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        for table in metadata.tables.values():
            columns = inspect(connection).get_columns(table.name)
            assert [column["name"] for column in columns] == [column.name for column in table.columns], table.name
            keys = inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key], table.name
    engine.dispose()


def shape(engine: Engine) -> list[tuple[Any, ...]]:
    """Every table, index and constraint that there is."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            chosen = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        else:
            chosen = (
                "SELECT relname, attname, atttypid::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
                " WHERE relnamespace = 'public'::regnamespace"
                " UNION ALL SELECT conname, pg_get_constraintdef(oid), '' FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
            )
        return [tuple(row) for row in connection.execute(text(chosen))]


def test_migrating_twice_changes_nothing(place: Place) -> None:
    engine = place.engine()
    before = shape(engine)
    migrate(engine)
    assert shape(engine) == before
    engine.dispose()


def test_a_second_opening_goes_on_where_the_first_was(place: Place) -> None:
    async def first() -> None:
        async with place.opened() as database:
            await database.write(lambda c: c.execute(text("INSERT INTO marks VALUES ('a', 'kept')")).rowcount)

    async def second() -> Any:
        async with place.opened() as database:
            return await database.read(lambda c: c.execute(text("SELECT value FROM marks")).scalar())

    asyncio.run(first())
    assert asyncio.run(second()) == "kept"


def driver_of(connection: Connection) -> TurnTaking:
    driver = connection.connection.driver_connection
    assert isinstance(driver, TurnTaking)
    return driver


def test_every_connection_is_durable_and_lets_readers_in(place: Place) -> None:
    engine = place.engine()
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            if place.url:
                assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
                assert connection.execute(text("SHOW fsync")).scalar() == "on", "the tests' own server is a real one"
            else:
                assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
                assert connection.execute(text("PRAGMA synchronous")).scalar() == 1, "by `TurnTaking.commit`, not twice"
                assert driver_of(connection).is_synced_here
                assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()


def test_a_reader_sees_one_instant_however_long_it_looks(place: Place) -> None:
    """A report of several queries adds up, also while answers are booked between them."""
    engine = place.engine()
    count = text("SELECT count(*) FROM marks")
    with (
        engine.connect().execution_options(**READ) as reader,
        engine.connect().execution_options(**WRITE) as writer,
    ):
        assert reader.execute(count).scalar() == 0
        with writer.begin():
            writer.execute(text("INSERT INTO marks VALUES ('a', '')"))
        assert reader.execute(count).scalar() == 0
        reader.rollback()
        assert reader.execute(count).scalar() == 1
    engine.dispose()


def test_a_writer_has_its_turn_alone_and_from_its_beginning(place: Place) -> None:
    """What it reads still holds when it writes: nobody else writes in between, though everybody may read."""
    engine, other = place.engine(), place.engine()
    with engine.connect().execution_options(**WRITE) as first, other.connect().execution_options(**WRITE) as second:
        with first.begin():
            assert first.execute(text("SELECT count(*) FROM marks")).scalar() == 0
            hurry = "SET lock_timeout = 50" if place.url else "PRAGMA busy_timeout = 50"
            second.connection.cursor().execute(hurry)
            second.connection.commit()
            with pytest.raises(Exception, match=r"lock"), second.begin():
                pass
            first.execute(text("INSERT INTO marks VALUES ('a', '')"))
        second.invalidate()
        with second.begin():
            assert second.execute(text("SELECT count(*) FROM marks")).scalar() == 1
    engine.dispose()
    other.dispose()


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
    """Wherever it was, nothing is there afterwards but an empty database, and that can be opened."""
    (tmp_path / "whole").mkdir()
    with crash_at_statement(0) as seen:
        open_engine(tmp_path / "whole").dispose()
    assert len(seen) > 10
    stuck = []
    folder = tmp_path / "crashed"
    folder.mkdir()
    for number in sorted({1, 2, len(seen) - 1, len(seen), *range(3, len(seen), 5)}):
        with pytest.raises(KeyboardInterrupt), crash_at_statement(number):
            open_engine(folder)
        with sqlite3.connect(folder / FILE_NAME) as connection:
            left = connection.execute("SELECT name FROM sqlite_master").fetchall()
        connection.close()
        try:
            if left or number % 20 == 3:
                copy = shutil.copytree(folder, tmp_path / str(number))
                open_engine(copy).dispose()
        except Unavailable as wrong:
            stuck.append(f"after {number - 1} statements: {wrong.message}")
    assert not stuck, stuck
    open_engine(folder).dispose()


def test_a_crash_in_the_middle_of_a_migration_leaves_postgres_as_it_was(postgres: Postgres) -> None:
    whole = postgres.empty_database()
    with crash_at_statement(0) as seen:
        open_engine(Path(), whole).dispose()
    url = postgres.empty_database()
    plain = create_engine(url.replace("postgresql:", "postgresql+pg8000:"))
    for number in range(1, len(seen) + 1, 11):
        with pytest.raises(KeyboardInterrupt), crash_at_statement(number):
            open_engine(Path(), url)
        assert shape(plain) == [], f"after {number - 1} statements"
    plain.dispose()
    open_engine(Path(), url).dispose()


def test_two_that_open_new_books_at_once_make_the_tables_once(place: Place, postgres: Postgres) -> None:
    url = postgres.empty_database() if place.url else ""

    async def both() -> None:
        engines = await asyncio.gather(*(asyncio.to_thread(open_engine, place.directory, url) for _ in range(3)))
        assert len({tuple(shape(engine)) for engine in engines}) == 1
        for engine in engines:
            engine.dispose()

    asyncio.run(both())


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


def test_a_postgres_that_is_not_there_is_one_clear_line_without_its_password() -> None:
    with pytest.raises(Unavailable) as caught:
        open_engine(Path(), "postgresql://me:secret@127.0.0.1:1/books")
    assert caught.value.code == "database_unusable"
    assert "127.0.0.1:1/books" in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("url", ["mysql://me@host/books", "postgresql", "://", "sqlite:///books.db", "postgresql//x"])
def test_another_kind_of_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_engine(Path(), url)
    assert (caught.value.code, caught.value.param) == ("bad_config", "database")


def test_ids_sort_by_time_whatever_language_postgres_speaks(postgres: Postgres) -> None:
    """Many servers sort words as people do, without their signs; then ans_0 would come after ans`."""
    server = postgres.empty_database().rsplit("/", 1)[0]
    plain = create_engine(server.replace("postgresql:", "postgresql+pg8000:") + "/postgres")
    with plain.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(
                "CREATE DATABASE worded TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu"
                " ICU_LOCALE 'en-US-u-ka-shifted'"
            )
        )
    plain.dispose()
    engine = open_engine(Path(), f"{server}/worded")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT 'ans_0' > 'ans`'")).scalar(), "this server sorts as people do"
        for name in ("ans`", "ans_0.hold", "Ans", "ans_0.hold.posted", "ans_00"):
            connection.execute(text("INSERT INTO marks VALUES (:name, '')"), {"name": name})
        names = connection.execute(text("SELECT name FROM marks ORDER BY name")).scalars().all()
        assert names == sorted(names)
        assert len(connection.execute(text("SELECT 1 FROM marks WHERE name < 'ans`' AND name > 'ans_'")).all()) == 3
    engine.dispose()
    migrated = open_engine(Path(), f"{server}/worded")
    assert shape(migrated) == shape(engine)
    migrated.dispose()
    engine.dispose()
