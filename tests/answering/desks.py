"""A desk on a real database, a provider that plays a script, and what must hold of the books after any story."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec
from sqlalchemy import Connection
from tests.db.opened import opened

from solvent.answering import store as receipts_store
from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt, sums_of
from solvent.answering.route import Route
from solvent.app.background import Background
from solvent.billing.grant import grant
from solvent.engines.port import Engine
from solvent.identity.caller import Caller, Customer
from solvent.ledger import store as ledger_store
from solvent.ledger.account import wallet
from solvent.ledger.balance import Movement
from solvent.margin import store as margin_store
from solvent.margin.line import MarginSums, total
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.providers.port import Call, Chunk, OnAbort
from solvent.values.ids import ENTROPY_BITS, AnswerId, CustomerId, KeyId, new_id
from solvent.values.instant import instant
from solvent.values.money import Money
from solvent.values.period import zone

START_US = instant("2026-11-24T12:00:00Z", "start")
PRICE = RateCard("price", "KRW", 0, "test", input_picos=2 * 10**6, cached_input_picos=10**6, output_picos=8 * 10**6,
                 reasoning_picos=8 * 10**6)  # fmt: skip
COST = RateCard("cost", "KRW", 0, "test", input_picos=10**6, cached_input_picos=5 * 10**5, output_picos=4 * 10**6,
                reasoning_picos=4 * 10**6)  # fmt: skip
READ_MOST = 500
WRITE_MOST = 100
QUOTE_GRAINS = (READ_MOST * 2 * 10**6 + WRITE_MOST * 8 * 10**6) // 10**5

Step = Chunk | Exception | float  # a float is so many seconds of silence
USAGE = msgspec.Raw(
    b'{"prompt_tokens":100,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":40},'
    b'"completion_tokens_details":{"reasoning_tokens":2}}'
)
ZERO = msgspec.Raw(b'{"prompt_tokens":0,"completion_tokens":0}')
NONSENSE = msgspec.Raw(b'{"prompt_tokens":-1,"completion_tokens":9}')


def said(pieces: int = 1, finish: str = "") -> Chunk:
    """A chunk of text."""
    return Chunk({"choices": msgspec.Raw(b"[]")}, pieces, finish=finish)


def reported(usage: msgspec.Raw) -> Chunk:
    """A chunk that carries a usage report."""
    return Chunk({"choices": msgspec.Raw(b"[]")}, 0, usage)


class Scripted:
    """A provider that plays one script for each call, and remembers what was asked and hung up on."""

    def __init__(self, scripts: Sequence[Sequence[Step]], on_abort: OnAbort = "drain", name: str = "scripted") -> None:
        self.name = name
        self.on_abort: OnAbort = on_abort
        self._scripts = scripts
        self.calls: list[Call] = []
        self.steps_played = 0
        self.closed = 0

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        script = self._scripts[len(self.calls) % len(self._scripts)]
        self.calls.append(call)
        try:
            for step in script:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                    continue
                await asyncio.sleep(0)
                self.steps_played += 1
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed += 1

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return ("upstream-model",)

    async def close(self) -> None:
        """See `Provider.close`."""


class Clock:
    """A clock that ticks a millisecond whenever it is read, and can be set forward."""

    def __init__(self) -> None:
        self.at_us = START_US

    def __call__(self) -> int:
        self.at_us += 1_000
        return self.at_us


class Shop:
    """A desk with everything a story needs around it."""

    def __init__(self, desk: Desk, clock: Clock, background: Background, random: Random) -> None:
        self.desk = desk
        self.clock = clock
        self.background = background
        self.told: list[Receipt] = []
        self._random = random
        desk.listeners.append(lambda receipt, _sums: self.told.append(receipt))

    async def customer(self, name: str, grains: int) -> Caller:
        """Somebody with that much money."""
        customer = Customer(CustomerId(f"cus_{name}"), name, "plus", START_US)
        if grains:
            await grant(customer.id, Money(grains, self.desk.currency), "start", self.desk.database, self.clock())
            self.desk.purse(customer.id).add(grains)
        return Caller(KeyId(f"key_{name}"), "customer", customer)

    def question(self, *, asked: int | None = WRITE_MOST, read_most: int = READ_MOST, model: str = "house") -> Question:
        """A new question."""
        id = AnswerId(new_id("ans", self.clock(), self._random.getrandbits(ENTROPY_BITS)))
        return Question(id, self.clock.at_us, model, {}, True, read_most, asked, "user 한 \x00 명")

    async def quiet(self) -> None:
        """Wait until whatever goes on in the background has ended."""
        assert await self.background.all_done(30)
        await self.desk.database.write(lambda _connection: None)  # behind everything that was queued


@asynccontextmanager
async def shop(
    directory: Path, provider: Scripted, *, engine: Engine | None = None, price: RateCard = PRICE, cost: RateCard = COST
) -> AsyncIterator[Shop]:
    """A shop that sells one model, `house`."""
    random, clock, background = Random(20261124), Clock(), Background()
    route = Route("house", "upstream-model", provider, WRITE_MOST, [cost], [price], engine)
    async with opened(directory) as database:
        desk = Desk(database, clock, lambda: random.getrandbits(ENTROPY_BITS), "KRW", zone("Asia/Seoul"),
                    {"house": route}, background.start)  # fmt: skip
        yield Shop(desk, clock, background, random)


def _books(connection: Connection) -> tuple[list[Receipt], dict[tuple[str, str], Movement], MarginSums]:
    receipts = receipts_store.newest(connection, 10**6)
    kept = ledger_store.balances_of(connection)
    assert kept == ledger_store.balances_rebuilt(connection)
    assert ledger_store.open_holds(connection, "", "zzz") == []
    lines = margin_store.lines(connection, "customer", 0, "KRW")
    for receipt in receipts:
        _check_receipt(connection, receipt)
    return receipts, kept, total(lines, "KRW").sums


def _check_receipt(connection: Connection, receipt: Receipt) -> None:
    """A receipt can be rebuilt: from its usage and the card it names, and from its transfers."""
    rows = {row.id.removeprefix(f"{receipt.id}."): row for row in ledger_store.transfers_of(connection, receipt.id)}
    held = rows.pop("hold")
    ends = [rows.pop(end) for end in ("hold.posted", "hold.voided") if end in rows]
    assert len(ends) == 1
    assert ends[0].grains == receipt.charge_grains <= held.grains
    assert (ends[0].resolves, ends[0].held_grains) == (held.id, held.grains)
    assert {name: row.grains for name, row in rows.items()} == {
        name: grains for name, grains in (("cost", receipt.cost_grains), ("overrun", receipt.overrun_grains)) if grains
    }
    if receipt.price_card == PRICE.version and receipt.outcome != "failed":
        assert receipt.charge_grains + receipt.overrun_grains == rate(receipt.usage, PRICE).grains


async def check_books(shop: Shop) -> list[Receipt]:
    """What must hold after any story, once it is quiet. Returns the receipts, newest first."""
    await shop.quiet()
    desk = shop.desk
    receipts, kept, margins = await desk.database.read(_books)
    assert desk.under_way == 0
    sums: Counter[str] = Counter()
    for (account, _), moved in kept.items():
        sums["posted"] += moved.debits - moved.credits
        sums["held"] += moved.held_debits - moved.held_credits
        assert moved.held_debits == moved.held_credits == 0
        assert account.startswith(("expense:", "cost:", "wallet:")) or moved.debits == 0
    assert not any(sums.values())
    for customer, purse in desk.purses.items():
        moved = kept.get((wallet(customer), "KRW"), Movement())
        assert purse.held == 0
        assert purse.posted == moved.credits - moved.debits >= 0
    added = MarginSums()
    for receipt in receipts:
        added.add(sums_of(receipt))
    assert added == margins
    revenue = kept.get(("revenue:answers", "KRW"), Movement()).credits
    assert revenue == margins.charge_grains + sum(receipt.overrun_grains for receipt in receipts)
    assert {receipt.id for receipt in shop.told} <= {receipt.id for receipt in receipts}
    return receipts


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, at most twenty seconds."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen in twenty seconds")
