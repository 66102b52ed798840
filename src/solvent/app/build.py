"""Puts one service together: the only place that knows which adapter stands behind which port."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom
from typing import Final

from solvent.answering.desk import Desk
from solvent.answering.forget_old_logged import forget_old_logged
from solvent.answering.forget_old_repeats import forget_old_repeats
from solvent.answering.forget_old_responses import forget_old_responses
from solvent.answering.raise_budget_alarms import raise_budget_alarms
from solvent.answering.tend_leases import tend_leases
from solvent.app.background import Background
from solvent.app.cards import read_cards
from solvent.app.class_costs import class_costs
from solvent.app.closing import close_months
from solvent.app.config import Config
from solvent.app.database import open_database
from solvent.app.directory import Directory, FirstRunKeys, read_first_run, write_first_run
from solvent.app.failing import Failings
from solvent.app.guards import close_guards, open_guards
from solvent.app.identity_providers import open_identity_providers
from solvent.app.live import Live
from solvent.app.logbook import open_logbook
from solvent.app.mail import Mail, open_mail
from solvent.app.payments import Payments, open_processors
from solvent.app.plans import meant_losses, read_plans
from solvent.app.replays import Replays
from solvent.app.routes import Routes, open_routes, read_exchanges
from solvent.app.sealing import open_sealing
from solvent.app.telemetry import Telemetry, open_telemetry
from solvent.app.watches import Watches
from solvent.audit.act import Act, by_system, fingerprint
from solvent.batching.forget_lines import forget_lines
from solvent.billing import pack_store, proposal_store
from solvent.billing.accrue import accrue
from solvent.billing.expire_pots import expire_pots
from solvent.billing.grant import grant
from solvent.billing.plan import Plan
from solvent.billing.publish_plans import publish_plans
from solvent.billing.rails import OnPaid
from solvent.billing.renew_due import renew_due
from solvent.db.group_commit import GroupCommit
from solvent.db.port import Connection
from solvent.db.presence import Presence
from solvent.filing.forget_old_files import forget_old_files
from solvent.identity import store as identity_store
from solvent.identity.caller import Callers, Customer, Role, digest
from solvent.identity.forget_old_sessions import forget_old_sessions
from solvent.identity.key import SECRET_BYTES, NewKey, secret
from solvent.ledger import store as ledger_store
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.margin.earned_store import add_earned
from solvent.office.issue_key import issue_key
from solvent.office.open_customer import open_customer
from solvent.office.opening import Opening
from solvent.office.tell_spending import tell_spending
from solvent.talking.forget_deleted import forget_deleted
from solvent.till.collect_due import collect_due
from solvent.values.errors import Invalid
from solvent.values.ids import ENTROPY_BITS, CustomerId, new_id
from solvent.values.instant import DAY_US
from solvent.values.money import Money, money
from solvent.values.period import zone

log = logging.getLogger("solvent.app")

# What is booked in the same transaction as a payment, by what it was for.
ON_PAID: Final[dict[str, OnPaid]] = {
    "subscription": proposal_store.begin_paid,
    "pack": pack_store.give_paid,
}
CALLERS = "callers"  # the mark that counts changes of customers and keys, for processes that keep them in memory


def now_us() -> int:
    """The clock, given to whoever needs one."""
    return time.time_ns() // 1000


class App:
    """One running service. `open_app` makes it, `close` ends it with nothing left open."""

    def __init__(
        self, config: Config, plans: dict[str, Plan], desk: Desk, database: GroupCommit, routes: Routes,
        background: Background, directory: Directory, presence: Presence, mail: Mail,
        near: Path,
    ) -> None:  # fmt: skip
        self.config = config
        self.plans = plans
        self.desk = desk
        self.database = database
        self.routes = routes
        self.background = background
        self.directory = directory
        self.presence = presence
        self.mail = mail
        self.live = Live(desk)
        self.failing = Failings(desk, presence, lambda: self.routes)
        self.replays = Replays()
        self.watches = Watches(desk)
        self.watches.begin(routes)
        self.payments = Payments(database, now_us, entropy, config.public_url)
        self.names: dict[str, str] = {}  # of customers, by id
        self.identity_providers = open_identity_providers(config.identity_providers, config.public_url, near)
        self.sealing = open_sealing(config.people.sealing_key, directory.path, near, is_shared=bool(config.database))
        self.near = near  # the folder of solvent.toml, where relative paths and rate cards are
        self.telemetry: Telemetry | None = None
        self.on_reload: list[Callable[[], None]] = [self.replays.forget]  # called when other settings are in force
        self.stop = asyncio.Event()
        self.lost_holds = 0
        self._callers_seen = self._pots_seen = 0
        self._left_out = 0  # subscriptions that could not be renewed the last time

    async def reload_callers(self) -> None:
        """Take in who may call: a new snapshot, swapped whole. Who is on another plan pays from its pots at once."""
        were = {caller.customer.id: caller.customer.plan for caller in self.desk.callers.values() if caller.customer}

        def read(connection: Connection) -> tuple[int, Callers]:
            return int(ledger_store.mark(connection, CALLERS) or 0), identity_store.callers(connection)

        self._callers_seen, callers = await self.database.read(read)
        self.names = {caller.customer.id: caller.customer.name for caller in callers.values() if caller.customer}
        self.desk.callers = callers
        for customer in {caller.customer for caller in callers.values() if caller.customer}:
            if were.get(customer.id, customer.plan) != customer.plan:
                self.forget(customer.id)

    async def look_at_callers(self) -> None:
        """Take in who may call where that changed."""
        seen = await self.database.read(lambda connection: int(ledger_store.mark(connection, CALLERS) or 0))
        if seen != self._callers_seen:
            await self.reload_callers()

    async def tend(self) -> None:
        """Twice a second: give back leases that others want, and take in what changed beside this process."""
        if not self.presence.is_held():
            log.error("the place among the processes that share the books is lost; stopping")
            self.stop.set()
        self.desk.processes = self.presence.count()
        self._pots_seen = await tend_leases(self.desk, self._pots_seen)
        await raise_budget_alarms(self.desk)
        await self.look_at_callers()
        await self.failing.tell()

    async def renew(self) -> None:
        """Every few seconds: begin the periods that are due, so that nobody waits for what their plan includes."""
        left_out = (await renew_due(self.database, now_us())).left_out
        if left_out > self._left_out:
            log.error("%s subscriptions cannot be renewed: the alarms not_renewed say why; tried again", left_out)
        self._left_out = left_out

    async def accrue(self) -> None:
        """Every minute, so also when a day has begun: what plans and packs earn goes into its margin."""
        await accrue(add_earned, self.config.currency, self.database, now_us())
        await self.live.read_earned()

    async def book_availability(self) -> None:
        """Every minute: book the hours of our own engines that are over."""
        await self.watches.book(self.routes)

    async def sweep(self) -> None:
        """Every minute: void lost holds, empty and delete what has expired, collect what is owed, resume payments."""
        await void_lost_holds(self.database, now_us(), self.presence.is_alive)
        await expire_pots(self.database, now_us())
        await forget_old_responses(self.database, now_us())
        await forget_old_repeats(self.database, now_us())
        await forget_old_logged(self.database, now_us())
        await forget_lines(self.database)
        await forget_old_files(self.database, now_us())
        await forget_old_sessions(self.database, now_us())
        await forget_deleted(self.database, now_us())
        await tell_spending(self.config.currency, zone(self.config.time_zone), self.database, now_us())
        await collect_due(self.payments.rails, self.database, now_us())
        self.background.start(self.payments.sweep())

    async def close_months(self) -> None:
        """Every few minutes: close the months that ended some days ago."""
        await close_months(self.config, self.database, now_us())

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
        opening = Opening(name=name, plan=plan, secret=key, currency=self.config.currency, gift=gift)
        act = by_system(f"open/{digest(key.encode()).hex()}", now_us())
        opened, _ = await open_customer(opening, act, self.database, entropy())
        await self.reload_callers()
        return opened.customer

    async def give(self, customer: CustomerId, amount: Money, key: str) -> bool:
        """Grant money and let the desk know of it. See `billing.grant`."""
        asked = fingerprint(customer, amount.grains, amount.currency)
        act = Act("operator", f"grant/{customer}/{key}", asked, now_us())
        _, is_new = await grant(customer, amount, act, self.database)
        self.forget(customer)
        return is_new

    def forget(self, customer: CustomerId) -> None:
        """Something changed in a customer's pots: the desk asks the database before the next answer."""
        if customer in self.desk.funds:
            self.desk.funds[customer].forget()

    async def close(self, seconds: float) -> None:
        """Settle what is open, give back leases, write what is queued, let go of the rest."""
        self.stop.set()
        await self.background.all_done(seconds)
        await tend_leases(self.desk, self._pots_seen, all_of_them=True)
        self.presence.leave()
        if self.telemetry is not None:
            await self.telemetry.close()
        await self.watches.end(self.routes)
        await self.routes.close()
        await close_guards(self.desk.guards.rules)
        await self.payments.close()
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
    cards = read_cards(near, read_exchanges(config))
    database = await open_database(config, directory.path, near)
    holder = new_id("proc", now_us(), entropy())
    try:
        presence = Presence(database.engine, directory.path, holder)
        lost = await void_lost_holds(database, now_us(), presence.is_alive)
        routes = open_routes(config, cards, near, now_us())
        processors = open_processors(config.payments, near)
        telemetry = open_telemetry(config.telemetry, near)
        guards = open_guards(config, near)
        background = Background()
        mail = open_mail(config.mail, config.people.name, background, near)
    except BaseException:
        await database.close()
        raise
    desk = Desk(
        database, now_us, _quick_entropy(), config.currency, zone(config.time_zone), routes.by_model,
        background.start, read_exchanges(config), holder, routes.pools, config.keep_responses_days * DAY_US, guards,
        open_logbook(config.request_log, background, database),
    )  # fmt: skip
    app = App(config, plans, desk, database, routes, background, directory, presence, mail, near)
    app.lost_holds = len(lost)
    app.telemetry = telemetry
    if telemetry is not None:
        desk.listeners.append(telemetry.hear)
    app.payments.connect(processors, ON_PAID)
    try:
        await publish_plans(plans, meant_losses(config), await class_costs(desk), database, now_us())
    except BaseException:
        await app.close(0)
        raise
    await app.reload_callers()
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
        made = keys or FirstRunKeys(new_key("customer"), new_key("owner"), url)
        keys = FirstRunKeys(made.api_key, made.operator_key, url)
        write_first_run(path, keys)
    if not app.desk.callers:
        owner = NewKey("owner", None, keys.operator_key, entropy(), "first run")
        await issue_key(owner, by_system("first_run/owner", now_us()), app.database)
    settings = app.config.first_run
    gift = money(settings.grant, app.config.currency, "first_run.grant")
    if all(caller.customer is None for caller in app.desk.callers.values()):
        await app.open_customer("First customer", settings.plan, keys.api_key, gift)
    await app.reload_callers()
    return keys
