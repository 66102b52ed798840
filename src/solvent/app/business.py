"""The business in one hand: its books, settings, rails and clock, whether or not a service is running on them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from solvent.answering.desk import Desk
from solvent.app.build import App, entropy, now_us
from solvent.app.cards import read_cards
from solvent.app.class_costs import class_costs
from solvent.app.config import Config
from solvent.app.database import has_books, open_database
from solvent.app.payments import Payments, open_processors
from solvent.app.routes import open_routes, read_exchanges
from solvent.billing.loss import ClassCost
from solvent.db.port import Database
from solvent.identity.key import SECRET_BYTES
from solvent.pricing.rate_card import RateCard
from solvent.values.errors import Invalid
from solvent.values.period import zone


@dataclass(frozen=True)
class Business:
    """What an operator's act needs. payments: the rails. now_us: the clock. entropy: random bits for ids.

    new_secret: random bytes for a key, known to nobody.
    class_costs: what answers of each class of models cost us, as far as known. near: the folder of solvent.toml.
    """

    database: Database
    config: Config
    payments: Payments
    time_zone: ZoneInfo
    now_us: Callable[[], int]
    entropy: Callable[[], int]
    new_secret: Callable[[], bytes]
    class_costs: Callable[[], Awaitable[tuple[ClassCost, ...]]]
    near: Path

    def cards(self) -> dict[str, tuple[RateCard, ...]]:
        """The rate cards as they are written now."""
        return read_cards(self.near, read_exchanges(self.config))

    @property
    def currency(self) -> str:
        """What wallets and reports are kept in."""
        return self.config.currency


def business_of(app: App) -> Business:
    """The business of a running service."""
    return Business(
        app.database, app.config, app.payments, app.desk.time_zone, app.desk.now_us, entropy, _new_secret,
        lambda: class_costs(app.desk), app.near,
    )  # fmt: skip


@asynccontextmanager
async def open_business(config: Config, directory: Path, near: Path) -> AsyncIterator[Business]:
    """The business of a data directory, for one command.

    Raises Invalid when it has no books, or the configuration is not theirs.
    """
    if not has_books(config, directory):
        raise Invalid("no_books", f"there are no books in {directory}; `solvent serve` starts them there")
    in_zone = zone(config.time_zone)
    database = await open_database(config, directory, near)
    payments = Payments(database, now_us, entropy, config.public_url)
    try:
        payments.connect(open_processors(config.payments, near))
        yield Business(
            database, config, payments, in_zone, now_us, entropy, _new_secret,
            lambda: _class_costs(database, config, near), near,
        )  # fmt: skip
    finally:
        await payments.close()
        await database.close()


async def _class_costs(database: Database, config: Config, near: Path) -> tuple[ClassCost, ...]:
    """The same as a running service knows, without starting an engine or asking a provider."""
    without_house = msgspec.structs.replace(config, house_model=False)
    routes = open_routes(without_house, read_cards(near, read_exchanges(config)), near, now_us())
    try:
        desk = Desk(
            database, now_us, entropy, config.currency, zone(config.time_zone), routes.by_model, _take_over,
            read_exchanges(config),
        )  # fmt: skip
        return await class_costs(desk)
    finally:
        await routes.close()


def _take_over(_work: object) -> None:
    raise AssertionError("nobody asks a question here")


def _new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)
