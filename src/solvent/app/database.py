"""Opens the books that the configuration names, and holds them to one currency and one calendar for good."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import Connection, Engine

from solvent.app.config import Config, secret
from solvent.app.default_profile import keep_default_profile
from solvent.app.routes import read_exchanges
from solvent.billing.vat_rate_store import CURRENCY
from solvent.db.engine import FILE_NAME, open_engine
from solvent.db.group_commit import GroupCommit
from solvent.ledger import store as ledger_store
from solvent.pricing.exchange_store import keep_exchanges
from solvent.values.errors import Invalid


def engine_of(config: Config, directory: Path, near: Path) -> Engine:
    """The database behind `database`, else SQLite in the data directory. Raises Invalid or Unavailable."""
    is_reference = config.database.startswith(("env:", "file:"))
    url = secret(config.database, "database", os.environ, near) if is_reference else config.database
    return open_engine(directory, url)


async def open_database(config: Config, directory: Path, near: Path) -> GroupCommit:
    """The books as use cases write them. Raises Invalid when the configuration is not theirs."""
    database = GroupCommit(engine_of(config, directory, near))
    try:
        await database.write(lambda connection: demand_same_books(connection, config))
    except BaseException:
        await database.close()
        raise
    return database


def has_books(config: Config, directory: Path) -> bool:
    """Whether there are books to read; a database behind an URL answers for itself."""
    return bool(config.database) or (directory / FILE_NAME).is_file()


def demand_same_books(connection: Connection, config: Config) -> None:
    """Books are kept in one currency, remembered at the first start: sums of two would mean nothing.

    Raises Invalid when the configuration now says another. Months follow the configuration's time zone.
    """
    kept = ledger_store.mark(connection, CURRENCY)
    if kept and kept != config.currency:
        message = (
            f"the books here are kept in {kept}, the configuration says {config.currency}; name the right --config"
        )
        raise Invalid("currency_changed", message, param="currency")
    if not kept:
        ledger_store.set_mark(connection, CURRENCY, config.currency)
    ledger_store.keep_months_in(connection, config.time_zone)
    keep_exchanges(connection, read_exchanges(config))
    keep_default_profile(connection, config.invoice, config.currency, time.time_ns() // 1000)
