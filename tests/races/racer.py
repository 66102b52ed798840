"""One process of a race: a real desk on shared books, and askers who all ask at once for customers who run dry.

Run as `python -m tests.races.racer SETTINGS`, it says what came of every question in one line of JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random

import msgspec
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.route import Route
from solvent.answering.tend_leases import tend_leases
from solvent.app.background import Background
from solvent.identity.caller import Caller, Customer
from solvent.pricing.rate_card import RateCard
from solvent.providers.port import Call, Chunk, Dialect, OnAbort
from solvent.values.errors import Refused
from solvent.values.ids import ENTROPY_BITS, AnswerId, CustomerId, KeyId, new_id
from solvent.values.limits import LEASE_TENDED_S
from solvent.values.period import zone

PRICE = RateCard("price", "KRW", 0, "test", input_picos=2 * 10**6, cached_input_picos=2 * 10**6,
                 output_picos=8 * 10**6, reasoning_picos=8 * 10**6)  # fmt: skip
READ, WRITE = 500, 100
INPUT_GRAINS, OUTPUT_GRAINS = 20, 80  # what a token is charged
QUOTE = READ * INPUT_GRAINS + WRITE * OUTPUT_GRAINS
LEAST = READ * INPUT_GRAINS + OUTPUT_GRAINS  # the input and one token of output


class Settings(msgspec.Struct, frozen=True):
    """What one process does.

    races: customers by number, from the first to before the second; `together` of them at a time. askers: how many
    ask for a customer at once; of several numbers the first is of race 0, and they come again and again.
    """

    directory: str
    url: str
    holder: str
    races: tuple[int, int]
    together: int
    askers: tuple[int, ...]
    seed: int


class Told(msgspec.Struct):
    """What came of the questions: answers of each customer and what they were charged, and refusals by code."""

    charged: dict[str, int]
    answers: int
    refused: dict[str, int]


class Obedient:
    """A provider that writes some of what it may, after a moment, and reports it."""

    name = "obedient"
    on_abort: OnAbort = "drain"
    speaks: Dialect = "chat"

    def __init__(self, random: Random) -> None:
        self._random = random

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        await asyncio.sleep(self._random.random() / 100)
        written = self._random.randint(1, call.output_tokens_max)
        usage = b'{"prompt_tokens":%d,"completion_tokens":%d}' % (self._random.randint(1, READ), written)
        yield Chunk({"choices": msgspec.Raw(b"[]")}, 1, msgspec.Raw(usage), finish="stop")

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return ("upstream",)

    async def close(self) -> None:
        """See `Provider.close`."""


def customer_of(race: int) -> Customer:
    """Whom a race is about."""
    return Customer(CustomerId(f"cus_{race:06d}"), f"Race {race}", "", 0)


def askers_of(race: int, askers: tuple[int, ...]) -> int:
    """How many ask for a race's customer at once: see `Settings`."""
    return askers[race % len(askers)]


async def run(settings: Settings) -> Told:
    """All races of one process, then everything back to the books."""
    place, random, background = Place(Path(settings.directory), settings.url), Random(settings.seed), Background()
    told = Told({}, 0, {})
    async with place.opened() as database:
        route = Route("house", "upstream", Obedient(random), WRITE, [PRICE], [PRICE])
        desk = Desk(
            database, lambda: time.time_ns() // 1000, lambda: random.getrandbits(ENTROPY_BITS), "KRW",
            zone("Asia/Seoul"), {"house": route}, background.start, holder=settings.holder,
        )  # fmt: skip
        tending = asyncio.create_task(_tend(desk))
        first, end = settings.races
        for start in range(first, end, settings.together):
            group = range(start, min(start + settings.together, end))
            asks = [race for race in group for _ in range(askers_of(race, settings.askers))]
            await asyncio.gather(*(_ask(desk, race, told) for race in asks))
        tending.cancel()
        assert await background.all_done(30)
        await tend_leases(desk, 0, all_of_them=True)
    return told


async def _ask(desk: Desk, race: int, told: Told) -> None:
    customer = customer_of(race)
    id = AnswerId(new_id("ans", desk.now_us(), desk.entropy()))
    question = Question(id, desk.now_us(), "house", {}, False, READ, WRITE)
    try:
        parts = [part async for part in answer(question, Caller(KeyId("key_1"), "customer", customer), desk)]
    except Refused as refused:
        told.refused[refused.code] = told.refused.get(refused.code, 0) + 1
        return
    receipt = parts[-1]
    assert isinstance(receipt, Receipt)
    told.answers += 1
    told.charged[customer.id] = told.charged.get(customer.id, 0) + receipt.charge_grains


async def _tend(desk: Desk) -> None:
    seen = 0
    while True:
        await asyncio.sleep(LEASE_TENDED_S)
        seen = await tend_leases(desk, seen)


def add(tellings: list[Told]) -> tuple[Counter[str], Counter[str], int]:
    """What several processes tell, together: charged, refused, answers."""
    charged: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for told in tellings:
        charged.update(told.charged)
        refused.update(told.refused)
    return charged, refused, sum(told.answers for told in tellings)


if __name__ == "__main__":
    made = asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Settings)))
    print(msgspec.json.encode(made).decode())
