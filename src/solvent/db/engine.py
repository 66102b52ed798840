"""Opening the database: SQLite in write-ahead mode, synced at every commit, brought to today's tables."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from solvent.values.errors import Unavailable

FILE_NAME = "solvent.db"


def open_engine(directory: Path) -> Engine:
    """The database in a directory, its tables migrated. Raises Unavailable when it cannot be used."""
    engine = create_engine(URL.create("sqlite", database=str(directory / FILE_NAME)), pool_size=8, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        migrate(engine)
    except DatabaseError as wrong:
        engine.dispose()
        message = f"the database {directory / FILE_NAME} cannot be opened: {wrong.orig}"
        raise Unavailable("database_unusable", message) from None
    except CommandError:
        engine.dispose()
        message = f"the database {directory / FILE_NAME} was written by a newer solvent; install that one"
        raise Unavailable("database_unusable", message) from None
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest migration; does nothing when they are there."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin`, so that table changes are in them too
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # an acknowledged answer survives a power cut
        "busy_timeout = 10000",
        "foreign_keys = ON",
        "wal_autocheckpoint = 4000",
        "cache_size = -65536",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
