"""Puts one service together: the only place that knows which adapter stands behind which port."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random, SystemRandom

from solvent.answering.desk import Desk
from solvent.app.background import Background
from solvent.app.cards import read_cards
from solvent.app.config import Config
from solvent.app.directory import Directory, FirstRunKeys, read_first_run, write_first_run
from solvent.app.live import Live
from solvent.app.plans import read_plans
from solvent.app.routes import Routes, open_routes, read_exchanges
from solvent.billing.grant import grant
from solvent.billing.plan import Plan
from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit
from solvent.db.port import Connection
from solvent.identity import store as identity_store
from solvent.identity.add_customer import add_customer
from solvent.identity.add_operator import add_operator
from solvent.identity.caller import Customer, Role
from solvent.identity.key import SECRET_BYTES, digest, secret
from solvent.ledger import store as ledger_store
from solvent.ledger.account import wallet
from solvent.ledger.balance import Purse
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import ENTROPY_BITS, CustomerId
from solvent.values.money import Money, money
from solvent.values.period import zone

WALLETS = wallet(CustomerId(""))


def now_us() -> int:
    """The clock, given to whoever needs one."""
    return time.time_ns() // 1000


def demand_currency(connection: Connection, currency: str) -> None:
    """Books are kept in one currency, remembered at the first start: sums of two would mean nothing.

    Raises Invalid when the configuration now says another.
    """
    kept = ledger_store.mark(connection, "currency")
    if kept and kept != currency:
        message = f"the books here are kept in {kept}, the configuration says {currency}; name the right --config"
        raise Invalid("currency_changed", message, param="currency")
    if not kept:
        ledger_store.set_mark(connection, "currency", currency)


class App:
    """One running service. `open_app` makes it, `close` ends it with nothing left open."""

    def __init__(
        self, config: Config, plans: dict[str, Plan], desk: Desk, database: GroupCommit, routes: Routes,
        background: Background, directory: Directory,
    ) -> None:  # fmt: skip
        self.config = config
        self.plans = plans
        self.desk = desk
        self.database = database
        self.routes = routes
        self.background = background
        self.directory = directory
        self.live = Live(desk)
        self.names: dict[str, str] = {}  # of customers, by id
        self.stop = asyncio.Event()
        self.lost_holds = 0

    async def reload_callers(self) -> None:
        """Take in who may call: a new snapshot, swapped whole."""
        callers = await self.database.read(identity_store.callers)
        self.names = {caller.customer.id: caller.customer.name for caller in callers.values() if caller.customer}
        self.desk.callers = callers

    @property
    def stopping(self) -> bool:
        """Whether new questions are turned away because the process is about to end."""
        return self.stop.is_set()

    async def open_customer(self, name: str, plan: str, key: str, gift: Money | None = None) -> Customer:
        """A new customer on a plan, with the plan's money and perhaps a gift in the wallet.

        key: the secret of their first key, from `new_key`.

        Raises Invalid for an unknown plan or a bad name.
        """
        if plan not in self.plans:
            message = f"there is no plan {plan[:100]!r}; plans are: {', '.join(self.plans)}"
            raise Invalid("unknown_plan", message, param="plan")
        customer = await add_customer(name, plan, key, self.database, now_us(), entropy())
        for amount, why in ((self.plans[plan].wallet_month, "plan"), (gift, "welcome")):
            if amount is not None and amount.grains > 0:
                await self.give(customer.id, amount, why)
        await self.reload_callers()
        return customer

    async def give(self, customer: CustomerId, amount: Money, key: str) -> bool:
        """Grant money and let the desk know of it. See `billing.grant`."""
        is_new = await grant(customer, amount, key, self.database, now_us())
        if is_new:
            self.desk.purse(customer).add(amount.grains)
        return is_new

    async def close(self, seconds: float) -> None:
        """Settle what is open, write what is queued, let go of the rest."""
        self.stop.set()
        await self.background.all_done(seconds)
        await void_lost_holds(self.database, now_us(), all_of_them=self.desk.under_way == 0)
        await self.routes.close()
        await self.database.close()
        self.directory.release()


def entropy() -> int:
    """Random bits for the id of something rare."""
    return SystemRandom().getrandbits(ENTROPY_BITS)


async def open_app(directory: Directory, config: Config, near: Path) -> App:
    """Open the books, void what a crash left, load models. `near`: the folder of solvent.toml.

    Raises Invalid or Unavailable with one line for the person who starts it.
    """
    plans = read_plans(config)
    cards = read_cards(near)
    database = GroupCommit(open_engine(directory.path))
    try:
        await database.write(lambda connection: demand_currency(connection, config.currency))
        lost = await void_lost_holds(database, now_us(), all_of_them=True)
        routes = open_routes(config, cards, near, now_us())
    except BaseException:
        await database.close()
        raise
    background = Background()
    desk = Desk(
        database, now_us, _quick_entropy(), config.currency, zone(config.time_zone), routes.by_model,
        background.start, read_exchanges(config),
    )  # fmt: skip
    app = App(config, plans, desk, database, routes, background, directory)
    app.lost_holds = len(lost)
    await app.reload_callers()
    kept = await database.read(lambda connection: ledger_store.balances_of(connection, WALLETS))
    for (account, currency), moved in kept.items():
        if currency == config.currency:
            desk.purses[CustomerId(account.removeprefix(WALLETS))] = Purse(moved.credits - moved.debits)
    await app.live.start()
    return app


def _quick_entropy() -> Callable[[], int]:
    """Random bits for ids without a system call each: ids must be unique, not secret."""
    source = Random(os.urandom(16))
    return lambda: source.getrandbits(ENTROPY_BITS)


def new_key(role: Role) -> str:
    """A secret nobody has ever seen."""
    return secret(role, os.urandom(SECRET_BYTES))


async def first_run(app: App, url: str) -> FirstRunKeys:
    """On a new directory: an operator, a first customer with money, and their keys.

    The keys are written before they are made valid, so that a crash in between locks nobody out. Returns
    empty keys where the file was removed since.
    """
    path = app.directory.path
    keys = read_first_run(path)
    if keys is None and app.desk.callers:
        return FirstRunKeys("", "", url)
    if keys is None or keys.url != url:
        made = keys or FirstRunKeys(new_key("customer"), new_key("operator"), url)
        keys = FirstRunKeys(made.api_key, made.operator_key, url)
        write_first_run(path, keys)
    if not app.desk.callers:
        await add_operator(keys.operator_key, app.database, now_us(), entropy())
    settings = app.config.first_run
    gift = money(settings.grant, app.config.currency, "first_run.grant")
    if all(caller.customer is None for caller in app.desk.callers.values()):
        await app.open_customer("First customer", settings.plan, keys.api_key, gift)
    await app.reload_callers()
    mine = app.desk.callers.get(digest(keys.api_key.encode()))
    if gift.grains > 0 and mine and mine.customer and not app.desk.purse(mine.customer.id).posted:
        # A crash may have come between the customer and the gift; a gift that was given is not given again.
        with suppress(Conflict):
            await app.give(mine.customer.id, gift, "welcome")
    return keys
