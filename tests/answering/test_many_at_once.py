"""Simulation: many questions at the last cent, with failures, silences and clients who leave, over five hundred seeds.

After each run: nobody is below zero, no hold is open, nobody was refused who could have paid, and the books agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from tests.answering.desks import (
    NONSENSE,
    QUOTE_GRAINS,
    USAGE,
    WRITE_MOST,
    ZERO,
    Scripted,
    Shop,
    Step,
    check_books,
    reported,
    said,
    shop,
)
from tests.db.opened import Place
from tests.db.postgres import Postgres

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.ledger.account import wallet
from solvent.providers.port import Chunk, OnAbort
from solvent.values.errors import Refused, SolventError, Unavailable

RUNS = 520
RUNS_EACH = 130  # share one database, as customers of one service do
RUNS_AT_ONCE = 13
RUNS_ON_POSTGRES = 60
QUESTIONS = 24
REFUSALS = {"wallet_empty", "balance_held", "request_exceeds_balance"}


def script(random: Random) -> list[Step]:
    steps: list[Step] = [said(0), *(said() for _ in range(random.randrange(6)))]
    if random.random() < 0.7:
        steps.append(reported(random.choice([USAGE, USAGE, USAGE, ZERO, NONSENSE])))
    if random.random() < 0.3:
        fault = random.choice(["upstream_failed", "upstream_timeout", "upstream_cut_off", "upstream_busy"])
        steps.insert(random.randrange(len(steps) + 1), Unavailable(fault, "as scripted"))
    if random.random() < 0.2:
        steps.insert(random.randrange(len(steps) + 1), 0.001)
    return steps


class Run:
    """One seed: a few customers with next to nothing, who ask all at once."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.seed = seed
        self.random = Random(seed)
        self.admitted = 0
        self.refused: list[str] = []
        self.callers: list[Caller] = []

    async def play(self) -> None:
        """Everybody asks."""
        random = self.random
        wallets = [0, 150, QUOTE_GRAINS, random.randrange(5 * QUOTE_GRAINS)]
        names = [f"{self.seed}_{n}" for n in range(random.randrange(1, 4))]
        self.callers = [await self.shop.customer(name, random.choice(wallets)) for name in names]
        await asyncio.gather(*(self.ask(random.choice(self.callers)) for _ in range(QUESTIONS)))

    async def ask(self, caller: Caller) -> None:
        """One client: it reads for a while, and may hang up or be cut off."""
        random = self.random
        for _ in range(random.randrange(30)):
            await asyncio.sleep(0)
        fate = random.random()
        reading = asyncio.create_task(self.read(caller, random.randrange(8) if fate < 0.3 else 99))
        if fate > 0.9:
            await asyncio.sleep(random.random() / 500)
            reading.cancel()
        try:
            await reading
        except Refused as refusal:
            self.refused.append(refusal.code)
        except (SolventError, asyncio.CancelledError):
            return

    async def read(self, caller: Caller, steps: int) -> None:
        """Read so many steps; look at the purse at every one."""
        question = self.shop.question(asked=self.random.choice([None, 1, 40, 100]))
        answering: AsyncGenerator[Opened | Chunk | Receipt, None] = answer(question, caller, self.shop.desk)
        try:
            for _ in range(steps):
                step = await anext(answering, None)
                assert self.shop.purse(caller).spare >= 0
                self.admitted += isinstance(step, Opened)
                if step is None:
                    return
        finally:
            await answering.aclose()

    async def check(self, caller: Caller) -> None:
        """The purse is what the books say; whoever has the money is answered, now that nothing is held."""
        assert set(self.refused) <= REFUSALS
        assert caller.customer is not None
        assert self.shop.purse(caller).under_way == 0
        account = wallet(caller.customer.id)
        left = await self.shop.left(account)
        free = await self.shop.desk.database.read(lambda connection: pot_store.free(connection, account, "KRW"))
        assert left == free + self.shop.purse(caller).spare >= 0
        if left >= QUOTE_GRAINS:
            answering = answer(self.shop.question(), caller, self.shop.desk)
            opened = await anext(answering)
            assert isinstance(opened, Opened)
            assert opened.output_tokens_max == WRITE_MOST
            await answering.aclose()


@pytest.mark.parametrize("first", range(0, RUNS, RUNS_EACH))
def test_nobody_goes_below_zero_and_no_hold_outlives_its_answer(first: int) -> None:
    with TemporaryDirectory() as folder:
        play(first, RUNS_EACH, lambda on_abort: Place(_made(Path(folder) / on_abort)))


def test_nobody_goes_below_zero_on_postgres_either(postgres: Postgres, tmp_path: Path) -> None:
    play(RUNS, RUNS_ON_POSTGRES, lambda _on_abort: Place(tmp_path, postgres.database()))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def play(first: int, count: int, place: Callable[[OnAbort], Place]) -> None:
    """So many runs, half of them with providers that bill on after an abort; what must hold after all of them."""

    async def story() -> list[Receipt]:
        random = Random(first)
        for on_abort in get_args(OnAbort):
            provider = Scripted([script(random) for _ in range(997)], on_abort)
            async with shop(place(on_abort), provider) as open_shop:
                runs = [Run(open_shop, first + n) for n in range(0 if on_abort == "drain" else 1, count, 2)]
                for start in range(0, len(runs), RUNS_AT_ONCE):
                    at_once = runs[start : start + RUNS_AT_ONCE]
                    await asyncio.gather(*(run.play() for run in at_once))
                    await open_shop.quiet()
                    for run in at_once:
                        for caller in run.callers:
                            await run.check(caller)
                receipts = await check_books(open_shop)
                assert len(receipts) >= sum(run.admitted for run in runs) > 0
                assert any(run.refused for run in runs)
        return receipts

    receipts = asyncio.run(story())
    assert {receipt.outcome for receipt in receipts} == {"answered", "abandoned", "broken", "failed"}


def test_the_first_questions_of_a_new_customer_all_see_the_same_wallet(place: Place) -> None:
    """Ten at once, money for exactly four: four are answered, six are told to come back, then all find room."""

    async def story() -> None:
        provider = Scripted([[said(), 0.01, reported(ZERO)]])
        async with shop(place, provider) as open_shop:
            caller = await open_shop.customer("new", 4 * QUOTE_GRAINS)

            async def ask() -> str:
                try:
                    async for step in answer(open_shop.question(), caller, open_shop.desk):
                        last = step
                except Refused as refusal:
                    return refusal.code
                return type(last).__name__

            outcomes = await asyncio.gather(*(ask() for _ in range(10)))
            assert sorted(outcomes) == ["Receipt"] * 4 + ["balance_held"] * 6
            assert await asyncio.gather(*(ask() for _ in range(4))) == ["Receipt"] * 4
            await check_books(open_shop)

    asyncio.run(story())
