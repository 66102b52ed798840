"""The shop of a story: real desks on one database, a payment processor and a provider, one clock; and the reference."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from random import Random
from typing import Any, TypeVar

import msgspec
from tests.money import menu
from tests.money.budgets import Limiting
from tests.money.inline import InlineBooks

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.route import Route
from solvent.answering.tend_leases import tend_leases
from solvent.app.background import Background
from solvent.app.payments import PAID_FOR
from solvent.audit.act import Act, fingerprint
from solvent.billing.plan_store import demand_on_sale
from solvent.billing.publish_plans import publish_plans
from solvent.billing.rails import Rails
from solvent.db.port import Database
from solvent.identity.caller import Caller, Customer
from solvent.identity.store import known_customer
from solvent.ledger import store as ledger_store
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.payments.bank import Bank
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Settings
from solvent.providers.port import Call, Chunk, Dialect, OnAbort
from solvent.values.ids import ENTROPY_BITS, AnswerId, CustomerId, KeyId, new_id
from solvent.values.instant import instant
from solvent.values.limits import LEASE_TENDED_S
from solvent.values.period import zone

T = TypeVar("T")
START_US = instant("2027-01-29T15:00:00Z", "start")  # the month's end is near in Seoul, and the month is a short one
OpenBooks = Callable[[], InlineBooks]


class Idle(Exception):
    """There is nothing to take such a step with, so it is none."""


class Provider:
    """Plays what it was handed last, for whoever asks next."""

    name = "scripted"

    speaks: Dialect = "chat"

    def __init__(self, on_abort: OnAbort) -> None:
        self.on_abort: OnAbort = on_abort
        self.script: list[Chunk | Exception] = []

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            yield step

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return ()

    async def close(self) -> None:
        """See `Provider.close`."""


class Process:
    """One process of the service: its desk, its way to the books, and what goes on in its background."""

    def __init__(self, world: World, database: InlineBooks, holder: str) -> None:
        self.world, self.database, self.background = world, database, Background()
        self.pots_seen, self.is_alive = 0, True
        self.desk = Desk(
            database, lambda: world.now, world.entropy, "KRW", zone(world.zone), world.routes, self._take_over,
            holder=holder,
        )  # fmt: skip

    def _take_over(self, work: Coroutine[None, None, None]) -> None:
        if self.is_alive:
            self.background.start(work)
        else:
            work.close()

    async def tend(self, *, all_of_them: bool = False) -> None:
        """What a service does twice a second."""
        self.pots_seen = await tend_leases(self.desk, self.pots_seen, all_of_them=all_of_them)

    async def quiet(self) -> None:
        """Wait until nothing goes on behind the scenes, and everything queued is written."""
        assert await self.background.all_done(30)
        await self.database.write(lambda _connection: None)


class World:
    """One story's shop. now: the clock, which only the story moves."""

    def __init__(self, open_books: OpenBooks, random: Random) -> None:
        self.random, self._open_books = random, open_books
        self.now = START_US
        self.zone = random.choice(("Asia/Seoul", "Asia/Seoul", "America/New_York", "Europe/Berlin"))
        self.plans = menu.plans(random)
        self.coupons = menu.coupons(random, START_US + random.randrange(400) * 86_400 * 10**6)
        self.provider = Provider(random.choice(("drain", "cancel")))
        self.cards: dict[str, list[Any]] = {}
        self.cost_cards: dict[str, list[Any]] = {}
        self.routes: dict[str, Route] = {}
        for name in menu.CLASSES:
            self.change_prices(name, 0)
        self.fake, self.bank = FakeProcessor(), Bank(Settings("bank", ("KRW",), account="110-123-456789 Solvent"))
        self.rails = Rails({"fake": self.fake, "bank": self.bank}, PAID_FOR)
        self.reference = Limiting(self.zone, self.plans)
        self.processes: list[Process] = []
        self.customers: list[CustomerId] = []
        self.done: Counter[str] = Counter()
        self.note = ""  # what the last step did, for whoever reads why a story failed
        self._acts = 0

    def entropy(self) -> int:
        return self.random.getrandbits(ENTROPY_BITS)

    def change_prices(self, name: str, from_us: int) -> None:
        """A new dated entry in both books, from an instant on."""
        self.cards.setdefault(name, []).append(menu.card(self.random, name, from_us))
        self.cost_cards.setdefault(name, []).append(menu.card(self.random, name, from_us))
        cards = (self.cost_cards[name], self.cards[name])
        self.routes[name] = Route(name, name, self.provider, 100, *cards, model_class=name)

    async def open(self) -> None:
        """Two processes on one database, with the plans on sale."""
        for _ in range(2):
            await self.add_process()
        books = self.books
        await books.write(lambda connection: ledger_store.keep_months_in(connection, self.zone))
        await publish_plans(self.plans, self.plans.keys(), (), books, self.now)
        sold = await books.read(lambda connection: {name: demand_on_sale(connection, name) for name in self.plans})
        self.plans.update(sold)

    async def add_process(self) -> Process:
        """Another process starts: it voids what those that are gone have left."""
        process = Process(self, self._open_books(), f"proc_{len(self.processes)}")
        self.processes.append(process)
        await self.void_lost_holds()
        return process

    def one_of(self, among: Sequence[T], matters: Callable[[T], bool]) -> T:
        """Any of them, but more often one that matters. Raises Idle when there is none."""
        if not among:
            raise Idle
        those = [one for one in among if matters(one)]
        return self.random.choice(those if those and self.random.random() < 0.6 else among)

    async def void_lost_holds(self) -> int:
        alive = {process.desk.holder for process in self.alive}
        return len(await void_lost_holds(self.books, self.now, alive.__contains__))

    @property
    def alive(self) -> list[Process]:
        return [process for process in self.processes if process.is_alive]

    @property
    def books(self) -> Database:
        """The books as anybody sees them."""
        return self.alive[0].database

    def act(self, key: str = "", *asked: object) -> Act:
        """An act under a new key, or a given one."""
        self._acts += 1
        return Act("key_op", key or f"act-{self._acts}", fingerprint(*asked), self.now)

    async def caller(self, customer: CustomerId) -> Caller:
        """Somebody of this customer's, as the doors know them now."""
        known: Customer = await self.books.read(lambda connection: known_customer(connection, customer))
        return Caller(KeyId(f"key_{customer}"), "customer", known)

    def question(self, model: str, reads: int, asked: int | None, user: str = "") -> Question:
        id = AnswerId(new_id("ans", self.now, self.entropy()))
        return Question(id, self.now, model, {}, True, reads, asked, user)

    async def with_call_ins(self, work: Awaitable[T]) -> T:
        """While somebody waits, every process looks after its leases, as services do; mostly it is about to."""
        task = asyncio.ensure_future(work)
        pause_s = LEASE_TENDED_S / self.random.choice((1, 10, 10, 10))
        while not (await asyncio.wait({task}, timeout=pause_s))[0]:
            await self.hear()
        return task.result()

    async def hear(self) -> None:
        """Half a second later every process has heard of what changed."""
        for process in self.alive:
            await process.tend()

    async def give_all_back(self) -> None:
        """No process has asked for a while, so all leases have gone back."""
        for process in self.alive:
            await process.tend(all_of_them=True)

    async def write_what_is_queued(self) -> None:
        """As every process does within some milliseconds."""
        for process in self.alive:
            await process.database.write(lambda _connection: None)

    async def quiet(self) -> None:
        for process in self.alive:
            await process.quiet()

    async def close(self) -> None:
        """Let go of everything, whatever still is under way."""
        for process in self.processes:
            process.is_alive = False
            process.database.close()


def receipt_sums(receipt: Any) -> Counter[str]:
    """What a receipt says, as the reference says it."""
    names = ("charge", "granted", "included", "overrun")
    return +Counter({name: getattr(receipt, f"{name}_grains") for name in names})


def replaced(value: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(value, **changes)
