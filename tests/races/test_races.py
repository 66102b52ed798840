"""12 clients, or 64, at the last cent, on SQLite and Postgres, in one process and in two, again and again.

Whatever happens, a wallet is never below zero, not for one row of the journal; what was charged is what is gone; and
when all is quiet whoever still has the money is answered.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest
from sqlalchemy import Connection
from tests.db.opened import Place
from tests.races.racer import LEAST, QUOTE, Settings, Told, add, askers_of, customer_of, run

from solvent.ledger import store
from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import all_leased, open_pots
from solvent.ledger.transfer import posting
from solvent.ledger.verify_books import verify_books
from solvent.values.ids import TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

pytestmark = pytest.mark.slow

CLIENTS = (64, *[12] * 7)  # of one customer after the other; whoever is last of many is refused as the twelfth is
AT_REST = (1, *[0] * 6)  # of them all: one more question is a race's dearest
RICH_EVERY = 50
TOGETHER = 25
SEED = int(os.environ.get("RACE_SEED", "20261127"))
ROOT = Path(__file__).parents[2]
REFUSALS = {"balance_held", "request_exceeds_balance", "wallet_empty"}
# By database and processes: how many races; RACE_TIMES=10 runs ten times as many.
TIMES = int(os.environ.get("RACE_TIMES", "1"))
RACES = {("sqlite", 1): 1_000, ("postgres", 1): 600, ("sqlite", 2): 600, ("postgres", 2): 400}


def test_there_are_thousands_of_races() -> None:
    assert sum(RACES.values()) >= 2_500


@pytest.mark.parametrize("processes", [1, 2])
def test_at_the_last_cent_nobody_overdraws_and_nobody_is_refused_falsely(place: Place, processes: int) -> None:
    count = TIMES * RACES["postgres" if place.url else "sqlite", processes]
    print(f"RACE_SEED={SEED}")
    wallets = asyncio.run(_open(place, count))
    tellings = _race(place, count, processes)
    charged, refused, answers = add(tellings)
    assert answers + sum(refused.values()) == sum(askers_of(race, CLIENTS) for race in range(count))
    assert set(refused) <= REFUSALS
    assert refused, "the money was never short"
    left = asyncio.run(_check(place, wallets, charged))
    asyncio.run(_nobody_is_refused_at_rest(place, left))


async def _open(place: Place, count: int) -> dict[str, int]:
    """Customers with money for one to four questions and a little more or less; a few have enough for all."""
    random = Random(SEED)
    wallets = {
        customer_of(race).id: random.randint(LEAST, 4 * QUOTE) if race % RICH_EVERY else 65 * QUOTE
        for race in range(count)
    }

    def work(connection: Connection) -> None:
        open_pots(connection, [Pot(wallet(id), "KRW", id, "wallet", "", 0, NEVER_US) for id in wallets])
        store.append(
            connection,
            [
                posting(TransferId(f"gift_{id}"), 1, CUSTOMER_GRANTS, wallet(id), Money(grains, "KRW"), "gift")
                for id, grains in wallets.items()
            ],
        )

    async with place.opened() as database:
        await database.write(work)
    return {str(id): grains for id, grains in wallets.items()}


def _race(place: Place, count: int, processes: int) -> list[Told]:
    """In this process alone, or in others of the system's that share the books."""
    clients = tuple(number // processes for number in CLIENTS)
    settings = [
        Settings(str(place.directory), place.url, f"proc_{n}", (0, count), TOGETHER, clients, SEED + n)
        for n in range(processes)
    ]
    if processes == 1:
        return [asyncio.run(run(settings[0]))]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.races.racer", msgspec.json.encode(mine).decode()],
            stdout=subprocess.PIPE, cwd=ROOT, text=True,
        )
        for mine in settings
    ]  # fmt: skip
    said = [process.communicate(timeout=600)[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return [msgspec.json.decode(line, type=Told) for line in said]


async def _check(place: Place, wallets: dict[str, int], charged: Counter[str]) -> dict[str, int]:
    """Row by row no wallet was ever below zero; the books are right; what is gone is what was charged."""

    def read(connection: Connection) -> None:
        free: Counter[str] = Counter()
        for transfer, _ in store.chained(connection):
            if transfer.state == "pending":
                free[transfer.debit] -= transfer.grains
            else:
                free[transfer.debit] += transfer.held_grains - transfer.grains
                free[transfer.credit] += transfer.grains
            if transfer.debit.startswith("wallet:"):
                assert free[transfer.debit] >= 0, f"{transfer.debit} is below zero at {transfer.id}"

    async with place.opened() as database:
        await database.read(read)
        verdict = await verify_books(database)
        assert (verdict.problems, verdict.open_holds) == ((), 0)
        assert await database.read(all_leased) == {}
        kept = await database.read(lambda connection: store.balances_of(connection, "wallet:"))
    left = {account.removeprefix("wallet:"): moved.credits - moved.debits for (account, _), moved in kept.items()}
    assert left == {id: grains - charged[id] for id, grains in wallets.items()}
    assert min(left.values()) >= 0
    return left


async def _nobody_is_refused_at_rest(place: Place, left: dict[str, int]) -> None:
    """One more question for some: who can pay for its input and one token of output is answered, nobody else."""
    told = await run(Settings(str(place.directory), place.url, "proc_rest", (0, len(left)), 200, AT_REST, SEED))
    asked = [customer_of(race).id for race in range(len(left)) if askers_of(race, AT_REST)]
    rich = {id for id in asked if left[id] >= LEAST}
    assert (rich - set(told.charged), set(told.charged) - rich) == (set(), set()), told.refused
    assert len(asked) > len(rich) >= len(asked) // RICH_EVERY
    assert told.refused.get("balance_held", 0) == 0
