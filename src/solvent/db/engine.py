"""Opening the books: SQLite in write-ahead mode or Postgres, synced at every commit, brought to today's tables.

Both are used alike: one writer at a time, so that what a use case has read in its transaction still holds when it
writes (docs/decisions/0007-one-writer-at-a-time.md).
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, OperationalError

from solvent.db.tls import encryption_of
from solvent.db.turns import TurnTaking
from solvent.values.errors import Invalid, Unavailable

FILE_NAME = "solvent.db"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
WRITE: Final = {"writes": True}  # the execution option of a connection that writes
READ: Final = {"reads": True}  # of one that only reads, and all of it from one moment
_SORTED_OTHERWISE: Final = """
SELECT attrelid::regclass::text, attname FROM pg_attribute
WHERE atttypid = 'text'::regtype AND attcollation <> '"C"'::regcollation AND attnum > 0 AND NOT attisdropped
  AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace)
"""
# The driver looks for ways to adapt what is neither text nor number, which takes longer than to bind five of them,
# unless it knows one: None is None.
sqlite3.register_adapter(type(None), lambda none: none)
_BEGIN: Final = "BEGIN IMMEDIATE"
_READER_KIB: Final = 2048  # of pages that a connection keeps: there are several, and each fills its own in time
_WRITER_KIB: Final = 65_536
STATEMENTS_KEPT: Final = 512  # prepared, of one connection: each size in which rows of each journal are added
_WRITER = 0x501_7E47  # any number, the same in every process: the key of the lock that a writer holds


def open_engine(directory: Path, url: str = "") -> Engine:
    """The books in a directory, or behind `url` (postgresql://user@host/name); their tables migrated.

    Raises Invalid for an URL we cannot read and Unavailable when the books cannot be used.
    """
    engine = _postgres(url) if url else _sqlite(directory)
    where = engine.url.render_as_string(hide_password=True) if url else str(directory / FILE_NAME)
    try:
        migrate(engine)
    except (DatabaseError, InterfaceError) as wrong:
        engine.dispose()
        raise Unavailable("database_unusable", f"the database {where} cannot be opened: {wrong.orig}") from None
    except LookupError:
        engine.dispose()
        message = f"the database {where} was written by a newer solvent; install that one"
        raise Unavailable("database_unusable", message) from None
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest migration; does nothing when they are there.

    Raises LookupError where they are at one that this solvent does not know.
    """
    with engine.connect() as connection:
        if _is_newest(connection):
            return
    from solvent.db.migrate import upgrade  # Alembic takes a while to load, and is seldom needed

    with engine.connect().execution_options(**WRITE) as connection, connection.begin():
        upgrade(connection, MIGRATIONS)
        if engine.dialect.name == "postgresql":
            _sort_by_bytes(connection)


def _is_newest(connection: Connection) -> bool:
    """Told by the files' names, since reading the files takes longer than all else that a command does."""
    newest = max(file.name[:4] for file in (MIGRATIONS / "versions").glob("0*.py"))
    if not inspect(connection).has_table("alembic_version"):
        return False
    versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    return versions == [newest]


def _sort_by_bytes(connection: Connection) -> None:
    """Ids sort by time and accounts by path in any language: text is compared by its bytes, as in SQLite."""
    for table, column in connection.execute(text(_SORTED_OTHERWISE)).all():
        connection.exec_driver_sql(f'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE text COLLATE "C"')


def _sqlite(directory: Path) -> Engine:
    file = directory / FILE_NAME
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        pool_size=8,
        pool_use_lifo=True,  # the others stay small
        hide_parameters=True,
        connect_args={"factory": TurnTaking, "cached_statements": STATEMENTS_KEPT},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: TurnTaking, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite`, so that table changes are in them too
    (_, _, file) = connection.execute("PRAGMA database_list").fetchone()
    connection.beside = file
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.is_synced_here = mode == "wal"  # some file systems have no shared memory for it
    for pragma in (
        # An acknowledged answer survives a power cut: see `TurnTaking.commit`, which waits for the disk out of turn.
        f"synchronous = {'NORMAL' if connection.is_synced_here else 'FULL'}",
        "busy_timeout = 10000",
        "foreign_keys = ON",
        "wal_autocheckpoint = 4000",
        f"cache_size = -{_READER_KIB}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def for_writing(connection: Connection) -> None:
    """Give the one connection that writes all day room for the pages that it touches again and again."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute(f"PRAGMA cache_size = -{_WRITER_KIB}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its turn before it reads, or another process's write in between would fail ours at once.
    if not _writes(connection):
        connection.exec_driver_sql("BEGIN")
        return
    writer = connection.connection.driver_connection
    assert isinstance(writer, TurnTaking)
    if writer.is_in_group:  # then it has begun
        return
    writer.take_turn()
    try:
        writer.execute(_BEGIN)  # by the driver: SQLAlchemy makes ten times as much of it, and each answer waits for one
    except sqlite3.OperationalError as wrong:
        raise OperationalError(_BEGIN, None, wrong) from wrong


class _Group:
    """A transaction of SQLite that SQLAlchemy hears of only where a journal asks it for something: an answer's do not,
    and its bookkeeping takes as long as all that one statement does."""

    __slots__ = ("_connection", "_writer")

    def __init__(self, connection: Connection, writer: TurnTaking) -> None:
        self._connection = connection
        self._writer = writer

    def __enter__(self) -> None:
        self._writer.take_turn()
        try:
            self._writer.execute(_BEGIN)
        except BaseException:
            self._writer.rollback()  # the turn goes on to whoever is next
            raise
        self._writer.is_in_group = True

    def __exit__(self, _kind: object, wrong: BaseException | None, _trace: object) -> None:
        self._writer.is_in_group = False
        ends = self._connection if self._connection.in_transaction() else self._writer
        if wrong is not None:
            ends.rollback()
            return
        try:
            ends.commit()
        except BaseException:
            ends.rollback()
            self._writer.rollback()  # which SQLAlchemy does not ask for after a commit that failed
            raise


def group_of(connection: Connection) -> AbstractContextManager[object]:
    """The transaction of a group of answers, on a connection that writes and is in none."""
    writer = connection.connection.driver_connection
    return _Group(connection, writer) if isinstance(writer, TurnTaking) else connection.begin()


def _postgres(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "database: write it like postgresql://user:password@host:5432/name"
        raise Invalid("bad_config", message, param="database") from None
    if parsed.get_backend_name() != "postgresql":
        message = (
            f"database: {parsed.get_backend_name()!r} is not supported; leave it empty for SQLite, or name Postgres"
        )
        raise Invalid("bad_config", message, param="database")
    parsed, encryption = encryption_of(parsed)
    engine = create_engine(
        parsed.set(drivername="postgresql+pg8000"), pool_size=8, pool_pre_ping=True, hide_parameters=True,
        # Of many small statements, compiling one takes longer than it does.
        connect_args={"startup_params": {"jit": "off"}, "ssl_context": encryption},
    )  # fmt: skip
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _begin_postgres(connection: Connection) -> None:
    if _writes(connection):  # waits for its turn, and has it until this transaction ends
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
    elif connection.get_execution_options().get("reads"):  # sees one instant, as a reader of SQLite does
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes"))
