"""A real process that answers under load until it is killed: a desk on shared books, and clients who never stop asking.

It is forked from a server that has everything imported, so that hundreds of deaths are affordable.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random

import msgspec

from solvent.answering.answer import answer
from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.route import Route
from solvent.answering.tend_leases import tend_leases
from solvent.app.background import Background
from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit
from solvent.db.presence import Presence
from solvent.identity.caller import Caller, Customer
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.pricing.rate_card import RateCard
from solvent.providers.port import Call, Chunk
from solvent.values.errors import Refused, Unavailable
from solvent.values.ids import ENTROPY_BITS, AnswerId, CustomerId, KeyId, new_id
from solvent.values.period import zone

PRICE = RateCard("price", "KRW", 0, "test", input_picos=2 * 10**6, output_picos=8 * 10**6)
COST = RateCard("cost", "KRW", 0, "test", input_picos=10**6, output_picos=4 * 10**6)
READ, WRITE = 500, 100
CUSTOMERS = tuple(f"cus_{name}" for name in ("rich", "quota", "gift", "poor", "poorer"))
ASKERS = 12
TENDED_S, SWEPT_S = 0.05, 0.1  # far more often than the service, so that a death is noticed while it is looked for
BEGUN: tuple[str, int] = ("begun", 0)
ENDED: tuple[str, int] = ("ended", 0)


class Talker:
    """A provider that speaks a few words with pauses, and now and then breaks off."""

    name = "talker"
    on_abort = "drain"
    speaks = "chat"

    def __init__(self, random: Random) -> None:
        self._random = random

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        words = self._random.randrange(1, 6)
        for _ in range(words):
            await asyncio.sleep(self._random.choice((0, 0, 0.001, 0.005)))
            yield Chunk({"choices": msgspec.Raw(b"[]")}, 1)
        if self._random.random() < 0.1:
            raise Unavailable("upstream_failed", "it broke off")
        used = b'{"prompt_tokens":%d,"completion_tokens":%d}' % (self._random.randrange(1, READ), words)
        yield Chunk({"choices": msgspec.Raw(b"[]")}, 0, msgspec.Raw(used), finish="stop")

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return ("upstream",)

    async def close(self) -> None:
        """See `Provider.close`."""


def now_us() -> int:
    """The clock."""
    return time.time_ns() // 1000


def serve(directory: str, url: str, holder: str, seed: int, pipe: Pipe) -> None:
    """Answers until it is killed; SIGTERM ends it in order. Tells each acknowledged answer with its charge."""
    asyncio.run(_serve(Path(directory), url, holder, Random(seed), pipe))


async def _serve(directory: Path, url: str, holder: str, random: Random, pipe: Pipe) -> None:
    database, background, stop = GroupCommit(open_engine(directory, url)), Background(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    presence = Presence(database.engine, directory, holder)
    await void_lost_holds(database, now_us(), presence.is_alive)
    route = Route("house", "upstream", Talker(random), WRITE, [COST], [PRICE])  # type: ignore[arg-type]
    desk = Desk(
        database, now_us, lambda: random.getrandbits(ENTROPY_BITS), "KRW", zone("Asia/Seoul"), {"house": route},
        background.start, holder=holder,
    )  # fmt: skip
    chores = [asyncio.create_task(_tend(desk)), asyncio.create_task(_sweep(database, presence))]
    pipe.send(BEGUN)
    await asyncio.gather(*(_ask_on(desk, random, stop, pipe) for _ in range(ASKERS)))
    for chore in chores:
        chore.cancel()
    outcomes = await asyncio.gather(*chores, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}, outcomes
    assert await background.all_done(30)
    await tend_leases(desk, 0, all_of_them=True)
    presence.leave()
    await database.close()
    pipe.send(ENDED)


async def _tend(desk: Desk) -> None:
    seen = 0
    while True:
        await asyncio.sleep(TENDED_S)
        seen = await tend_leases(desk, seen)


async def _sweep(database: GroupCommit, presence: Presence) -> None:
    while True:
        await asyncio.sleep(SWEPT_S)
        assert presence.is_held()
        await void_lost_holds(database, now_us(), presence.is_alive)


async def _ask_on(desk: Desk, random: Random, stop: asyncio.Event, pipe: Pipe) -> None:
    while not stop.is_set():
        customer = Customer(CustomerId(random.choice(CUSTOMERS)), "", "", 0)
        question = Question(
            AnswerId(new_id("ans", desk.now_us(), desk.entropy())), desk.now_us(), "house", {}, True, READ, WRITE
        )
        answering = answer(question, Caller(KeyId("key_1"), "customer", customer), desk)
        try:
            if random.random() < 0.1:  # a client who leaves after the first words
                await anext(answering)
                await anext(answering)
                await answering.aclose()
                continue
            async for step in answering:
                if isinstance(step, Receipt):
                    pipe.send((step.id, step.charge_grains))
        except Refused:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.01)
        except Unavailable as fault:
            if fault.code != "upstream_failed":  # the books failed, which they must not while others die
                raise
