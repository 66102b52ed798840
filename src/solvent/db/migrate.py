"""Brings tables to the newest migration, by Alembic: loaded only where there is something to migrate."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection


def upgrade(connection: Connection, migrations: Path) -> None:
    """Run what the tables lack of the migrations in a folder, in the connection's transaction.

    Raises LookupError where the tables are at a migration that is not there.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as wrong:
        raise LookupError(str(wrong)) from None
