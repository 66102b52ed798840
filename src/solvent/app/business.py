"""The business in one hand: its books, settings, rails and clock, whether or not a service is running on them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from solvent.app.build import App, entropy, now_us
from solvent.app.config import Config
from solvent.app.database import has_books, open_database
from solvent.app.payments import Payments, open_processors
from solvent.app.plans import read_plans
from solvent.billing.plan import Plan
from solvent.db.port import Database
from solvent.identity.key import SECRET_BYTES
from solvent.values.errors import Invalid
from solvent.values.period import zone


@dataclass(frozen=True)
class Business:
    """What an operator's act needs. payments: the rails. now_us: the clock. entropy: random bits for ids. new_secret: random bytes for a key."""

    database: Database
    config: Config
    plans: Mapping[str, Plan]
    payments: Payments
    time_zone: ZoneInfo
    now_us: Callable[[], int]
    entropy: Callable[[], int]
    new_secret: Callable[[], bytes]

    @property
    def currency(self) -> str:
        """What wallets and reports are kept in."""
        return self.config.currency


def business_of(app: App) -> Business:
    """The business of a running service."""
    return Business(
        app.database, app.config, app.plans, app.payments, app.desk.time_zone, app.desk.now_us, entropy, _new_secret
    )


@asynccontextmanager
async def open_business(config: Config, directory: Path, near: Path) -> AsyncIterator[Business]:
    """The business of a data directory, for one command.

    Raises Invalid when it has no books, or the configuration is not theirs.
    """
    if not has_books(config, directory):
        raise Invalid("no_books", f"there are no books in {directory}; `solvent serve` starts them there")
    plans, in_zone = read_plans(config), zone(config.time_zone)
    database = await open_database(config, directory, near)
    payments = Payments(database, now_us, entropy, config.public_url)
    try:
        payments.connect(open_processors(config.payments, near))
        yield Business(database, config, plans, payments, in_zone, now_us, entropy, _new_secret)
    finally:
        await payments.close()
        await database.close()


def _new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)
