"""A desk on a real database, a provider that plays a script, and what must hold of the books after any story."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
from sqlalchemy import Connection, select
from tests.db.opened import Place

from solvent.answering import store as receipts_store
from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt import Receipt, add_to
from solvent.answering.route import Pool, Route
from solvent.app.background import Background
from solvent.engines.port import Engine
from solvent.identity.caller import Caller, Customer
from solvent.ledger import store as ledger_store
from solvent.ledger.account import CUSTOMER_GRANTS, MEMO_ISSUED, wallet
from solvent.ledger.balance import Movement, all_months
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import leases, open_pots
from solvent.ledger.purse import Purse
from solvent.ledger.transfer import posting
from solvent.ledger.unit import is_money
from solvent.ledger.verify_books import verify_books
from solvent.margin import store as margin_store
from solvent.margin.line import MarginSums, total
from solvent.margin.store import Folded
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.providers.port import Call, Chunk, Dialect, OnAbort
from solvent.routing.policy import Policy
from solvent.values.ids import ENTROPY_BITS, AnswerId, CustomerId, KeyId, TransferId, new_id
from solvent.values.instant import NEVER_US, instant
from solvent.values.money import Money
from solvent.values.period import zone

START_US = instant("2026-11-24T12:00:00Z", "start")
PRICE = RateCard("price", "KRW", 0, "test", input_picos=2 * 10**6, cached_input_picos=10**6, output_picos=8 * 10**6,
                 reasoning_picos=8 * 10**6)  # fmt: skip
COST = RateCard("cost", "KRW", 0, "test", input_picos=10**6, cached_input_picos=5 * 10**5, output_picos=4 * 10**6,
                reasoning_picos=4 * 10**6)  # fmt: skip
HOLDER = "proc_test"
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

    speaks: Dialect = "chat"

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
        desk.listeners.append(self.told.append)

    async def customer(self, name: str, grains: int) -> Caller:
        """Somebody with that much money."""
        customer = Customer(CustomerId(f"cus_{name}"), name, "plus", START_US)
        pot = Pot(wallet(customer.id), self.desk.currency, customer.id, "wallet", "", 0, NEVER_US)
        await self.fill(pot, grains, CUSTOMER_GRANTS)
        return Caller(KeyId(f"key_{name}"), "customer", customer)

    async def fill(self, pot: Pot, grains: int, source: str = MEMO_ISSUED) -> None:
        """Open a pot and put so much into it."""
        id = TransferId(f"fill_{pot.account}_{self.clock()}")
        row = posting(id, self.clock.at_us, source, pot.account, Money(grains, pot.unit), "start")

        def work(connection: Connection) -> None:
            open_pots(connection, [pot])
            ledger_store.append(connection, [row])

        await self.desk.database.write(work)
        self.desk.funds_of(pot.customer).forget()

    async def left(self, account: str, unit: str = "KRW") -> int:
        """What is in a pot, set aside or not."""
        kept = await self.desk.database.read(lambda connection: ledger_store.balances_at(connection, [account]))
        moved = kept.get((account, unit), Movement())
        return moved.credits - moved.debits

    def purse(self, caller: Caller) -> Purse:
        """This process's purse of a customer's wallet."""
        assert caller.customer is not None
        customer = caller.customer.id
        return self.desk.funds_of(customer).purses.get(wallet(customer), Purse())

    def purse_of(self, pot: Pot) -> Purse:
        """This process's purse of a pot."""
        return self.desk.funds_of(pot.customer).purse(pot)

    def question(self, *, asked: int | None = WRITE_MOST, read_most: int = READ_MOST, model: str = "house") -> Question:
        """A new question."""
        id = AnswerId(new_id("ans", self.clock(), self._random.getrandbits(ENTROPY_BITS)))
        return Question(id, self.clock.at_us, model, {}, True, read_most, asked, "user 한 명")

    async def quiet(self) -> None:
        """Wait until whatever goes on in the background has ended."""
        assert await self.background.all_done(30)
        await self.desk.database.write(lambda _connection: None)  # behind everything that was queued


@asynccontextmanager
async def shop(
    place: Place,
    provider: Scripted,
    *,
    engine: Engine | None = None,
    price: RateCard = PRICE,
    cost: RateCard = COST,
    holder: str = HOLDER,
    others: Sequence[Route] = (),
    policy: Policy = "order",
    **kinds: Any,
) -> AsyncIterator[Shop]:
    """A shop that sells one model, `house`. holder: its process's name; two shops at one place are two processes.

    others: the model's other upstreams, asked by a policy. kinds: what else its first route is to be.
    """
    random, clock, background = Random(holder), Clock(), Background()
    route = Route("house", "upstream-model", provider, WRITE_MOST, [cost], [price], engine, **kinds)
    async with place.opened() as database:
        desk = Desk(database, clock, lambda: random.getrandbits(ENTROPY_BITS), "KRW", zone("Asia/Seoul"),
                    {"house": route}, background.start, holder=holder,
                    pools={"house": Pool((route, *others), policy)} if others else {})  # fmt: skip
        yield Shop(desk, clock, background, random)


def _books(connection: Folded) -> tuple[list[Receipt], dict[tuple[str, str], Movement], MarginSums]:
    receipts = receipts_store.newest(connection, 10**6)
    kept = ledger_store.balances_of(connection)
    rebuilt = ledger_store.balances_rebuilt(connection)
    assert ledger_store.balances_by_month(connection) == rebuilt
    assert kept == all_months(rebuilt)
    assert ledger_store.open_holds(connection, "", "zzz") == []
    lines = margin_store.lines(connection, "customer", 0, "KRW")
    for receipt in receipts:
        _check_receipt(connection, receipt)
    return receipts, kept, total(lines, "KRW").sums


def _check_receipt(connection: Connection, receipt: Receipt) -> None:
    """A receipt can be rebuilt: from its usage and the card it names, and from its transfers."""
    rows = {row.id.removeprefix(f"{receipt.id}."): row for row in ledger_store.transfers_of(connection, receipt.id)}
    paid = 0
    for name in {name.partition(".")[0] for name in rows if name.startswith("hold")}:
        held = rows.pop(name, None)
        ends = [rows.pop(end) for end in (f"{name}.posted", f"{name}.voided") if end in rows]
        assert len(ends) == 1
        if held is None:  # the answer was over before its hold was written: it is posted, and no void of nothing
            assert (ends[0].state, ends[0].resolves, ends[0].held_grains) == ("posted", None, 0)
        else:
            assert ends[0].grains <= held.grains
            assert (ends[0].resolves, ends[0].held_grains) == (held.id, held.grains)
        paid += ends[0].grains if is_money(ends[0].currency) else 0
    on_account = rows.pop("overage").grains if "overage" in rows else 0
    assert paid + on_account == receipt.charge_grains
    costs = sum(rows.pop(name).grains for name in ("cost", "energy") if name in rows)
    lost = sum(rows.pop(name).grains for name in list(rows) if name.startswith("lost"))
    assert (costs + lost, lost) == (receipt.cost_grains, receipt.lost_grains)
    assert {name: row.grains for name, row in rows.items()} == (
        {"overrun": receipt.overrun_grains} if receipt.overrun_grains else {}
    )
    if receipt.price_card == PRICE.version and receipt.outcome != "failed":
        due = receipt.charge_grains + receipt.included_grains + receipt.overrun_grains
        assert due == rate(receipt.usage, PRICE).grains


async def check_books(shop: Shop, *others: Shop) -> list[Receipt]:
    """What must hold after any story, once it is quiet. Returns the receipts, newest first.

    others: further processes on the same books.
    """
    shops = (shop, *others)
    for each in shops:
        await each.quiet()
        assert each.desk.under_way == each.desk.looking == 0
    database = shop.desk.database
    receipts, kept, margins = await read_margins(_books, database)
    sums: Counter[tuple[str, str]] = Counter()
    for (account, unit), moved in kept.items():
        sums[unit, "posted"] += moved.debits - moved.credits
        sums[unit, "held"] += moved.held_debits - moved.held_credits
        assert moved.held_debits == moved.held_credits == 0
        spends = (
            "expense:", "cost:", "wallet:", "grant:", "allowance:", "overage:", "budget:", "memo:", "receivable:",
            "deferred:", "vat:",
        )  # fmt: skip
        assert account.startswith(spends) or moved.debits == 0
    assert not any(sums.values())
    verdict = await verify_books(database)
    assert verdict.problems == ()
    kept_leases = await database.read(
        lambda connection: {(row.holder, row.account): row.grains for row in connection.execute(select(leases))}
    )
    for each in shops:
        for purses in (each.desk.shared, *(funds.purses for funds in each.desk.funds.values())):
            for account, purse in purses.items():
                assert purse.under_way == 0
                lease = kept_leases.pop((each.desk.holder, account), 0)
                assert purse.spare == lease, "memory and the database tell the same"
    assert not any(kept_leases.values()), "nobody has forgotten a lease"
    added = MarginSums()
    for receipt in receipts:
        add_to(added, [receipt])
    assert added == margins
    revenue = sum(moved.credits for (account, _), moved in kept.items() if account.startswith("revenue:"))
    assert revenue == margins.charge_grains + sum(receipt.overrun_grains for receipt in receipts)
    assert {receipt.id for each in shops for receipt in each.told} <= {receipt.id for receipt in receipts}
    return receipts


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, at most twenty seconds."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen in twenty seconds")
