"""kill -9 of real processes that answer from shared books, again and again, on SQLite and on Postgres.

What was acknowledged is on the books exactly once; what the dead had set aside and leased comes back; the chain holds.
The seed is printed, and CRASH_SEED sets it; CRASH_TIMES=3 kills three times as often.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from multiprocessing.connection import Connection as Pipe
from random import Random, SystemRandom

import pytest
from sqlalchemy import Connection
from tests.crashes.answerer import BEGUN, CUSTOMERS, ENDED, now_us, serve
from tests.db.opened import Place
from tests.doors.books import Books, check, read_books
from tests.doors.forked import FORKS
from tests.doors.server import eventually

from solvent.db.engine import READ
from solvent.db.presence import Presence
from solvent.ledger import pot_store, store
from solvent.ledger.account import CUSTOMER_GRANTS, MEMO_ISSUED, allowance, grant_account, wallet
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import posting
from solvent.ledger.unit import ANSWERS, is_money
from solvent.ledger.verify_books import verify_books
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crashes_of_desks")]

TIMES = int(os.environ.get("CRASH_TIMES", "1"))
KILLS_ALONE = 25 * TIMES  # one process after another
KILLS_BESIDE = 10 * TIMES  # one of two, while the other goes on
LOOKED_AT_EVERY = 5
ANSWERED_S_MAX = 2.0
DATABASES = 2
RICH, POOR = 10**13, 10**6


class Answerer:
    """One process, and what it has acknowledged."""

    def __init__(self, place: Place, holder: str, seed: int) -> None:
        self.holder = holder
        self.charges: dict[str, int] = {}
        self.has_ended = False
        self._begun = threading.Event()
        here, there = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=serve, args=(str(place.directory), place.url, holder, seed, there))
        self._process.start()
        there.close()
        self._listening = threading.Thread(target=self._listen, args=(here,))
        self._listening.start()

    def _listen(self, pipe: Pipe) -> None:
        with pipe:
            while True:
                try:
                    told = pipe.recv()
                except (EOFError, OSError):
                    return
                if told == BEGUN:
                    self._begun.set()
                elif told == ENDED:
                    self.has_ended = True
                else:
                    assert told[0] not in self.charges
                    self.charges[told[0]] = told[1]

    def wait_until_it_answers(self) -> None:
        assert self._begun.wait(60), "it never began"

    def answer_a_while(self, dice: Random) -> None:
        """Until so many answers are acknowledged, or not even one, and a moment more: as busy on a slow machine."""
        self.wait_until_it_answers()
        enough, latest = dice.randrange(25), time.monotonic() + ANSWERED_S_MAX
        while len(self.charges) < enough and time.monotonic() < latest:
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.02))

    def kill(self) -> bool:
        """kill -9. Whether that is what it died of."""
        self._process.kill()
        self._process.join()
        self._listening.join(30)
        return self._process.exitcode == -signal.SIGKILL

    def end(self) -> None:
        """Ends in order, with every answer settled and every lease given back."""
        self._process.terminate()
        self._process.join(60)
        self._listening.join(30)
        assert (self._process.exitcode, self.has_ended) == (0, True)


@pytest.fixture
def dice() -> Random:
    seed = int(os.environ.get("CRASH_SEED", "0")) or SystemRandom().getrandbits(32)
    print(f"CRASH_SEED={seed}")
    return Random(seed)


def test_there_are_many_kills() -> None:
    assert DATABASES * (KILLS_ALONE + KILLS_BESIDE) >= 70


async def open_customers(place: Place) -> None:
    """Of every kind: who never runs dry, who has a quota or a gift first, and who runs dry on the way."""
    money = {"cus_rich": RICH, "cus_quota": RICH, "cus_gift": RICH, "cus_poor": POOR, "cus_poorer": POOR // 9}
    assert tuple(money) == CUSTOMERS
    pots = [
        (Pot(wallet(CustomerId(id)), "KRW", CustomerId(id), "wallet", "", 0, NEVER_US), n) for id, n in money.items()
    ]
    quota, gift = CustomerId("cus_quota"), CustomerId("cus_gift")
    pots.append((Pot(allowance(quota, "p"), ANSWERS, quota, "allowance", "", 0, NEVER_US), 150))
    pots.append((Pot(grant_account(gift, "g"), "KRW", gift, "grant", "", 0, NEVER_US), POOR))

    def work(connection: Connection) -> None:
        pot_store.open_pots(connection, [pot for pot, _ in pots])
        rows = []
        for pot, grains in pots:
            source = CUSTOMER_GRANTS if is_money(pot.unit) else MEMO_ISSUED
            id = TransferId(f"gift_{pot.account}")
            rows.append(posting(id, now_us(), source, pot.account, Money(grains, pot.unit), "gift"))
        store.append(connection, rows)

    async with place.opened() as database:
        await database.write(work)


async def recover(place: Place) -> None:
    """What the next process does when it starts: nobody is alive, so nothing stays held or leased."""
    async with place.opened() as database:
        presence = Presence(database.engine, place.directory, f"proc_look_{time.monotonic_ns()}")
        latest = time.monotonic() + 10
        while True:  # Postgres sees a lost client when it next listens to it
            await void_lost_holds(database, now_us(), presence.is_alive)
            if not await database.read(pot_store.holders) or time.monotonic() > latest:
                break
            await asyncio.sleep(0.02)
        assert (await verify_books(database)).problems == ()
        presence.leave()


def agree(place: Place, charges: dict[str, int], when: str) -> Books:
    """With nobody running: the books are right, hold and lease nothing, and know all that was acknowledged, once."""
    asyncio.run(recover(place))
    books = read_books(place.directory, "KRW", place.url)
    check(books)
    assert books.leases == {}, when
    for answer, charge in charges.items():
        receipt = books.receipts.get(answer)
        assert receipt is not None, f"{answer} was acknowledged and is not on the books, {when}"
        assert receipt.charge_grains == charge, f"{answer} was charged otherwise than it was told, {when}"
    return books


def test_a_killed_process_loses_no_acknowledged_answer_and_leaves_no_hold_behind(place: Place, dice: Random) -> None:
    asyncio.run(open_customers(place))
    charges: dict[str, int] = {}
    killed = early = 0
    while killed < KILLS_ALONE:
        answerer = Answerer(place, f"proc_{killed}", dice.getrandbits(32))
        if dice.random() < 0.15:
            early += 1  # in the middle of its start
            time.sleep(dice.uniform(0, 0.3))
        else:
            answerer.answer_a_while(dice)
        killed += answerer.kill()
        charges |= answerer.charges
        if killed % LOOKED_AT_EVERY == 0:
            agree(place, charges, f"after {killed} kills")
    last = Answerer(place, "proc_last", dice.getrandbits(32))
    last.wait_until_it_answers()
    time.sleep(0.3)
    last.end()
    charges |= last.charges
    books = agree(place, charges, "at the end")
    print(f"{killed} kills, {early} of them early; {len(charges)} acknowledged of {len(books.receipts)} on the books")
    assert killed == KILLS_ALONE
    assert len(charges) > 3 * KILLS_ALONE, "too little was asked for this to mean anything"
    assert len(books.transfers) > len(books.receipts)


def test_while_one_of_two_is_killed_again_and_again_the_other_goes_on(place: Place, dice: Random) -> None:
    """The survivor voids what the dead held, ends its leases, and is never disturbed itself."""
    asyncio.run(open_customers(place))
    engine = place.engine()

    def is_forgotten(holder: str) -> bool:
        with engine.connect().execution_options(**READ) as connection:
            holds = {hold.holder for hold in store.open_holds(connection, "", "z")}
            return holder not in holds | pot_store.holders(connection)

    survivor = Answerer(place, "proc_survivor", dice.getrandbits(32))
    survivor.wait_until_it_answers()
    charges: dict[str, int] = {}
    killed = 0
    while killed < KILLS_BESIDE:
        answerer = Answerer(place, f"proc_{killed}", dice.getrandbits(32))
        answerer.answer_a_while(dice)
        answered = len(survivor.charges)
        killed += answerer.kill()
        charges |= answerer.charges
        holder = answerer.holder
        eventually(lambda holder=holder: is_forgotten(holder), f"{holder} still holds something")  # type: ignore[misc]
        eventually(lambda n=answered: len(survivor.charges) > n, "the survivor stopped answering")  # type: ignore[misc]
    engine.dispose()
    survivor.end()
    assert charges.keys().isdisjoint(survivor.charges)
    books = agree(place, charges | survivor.charges, "at the end")
    print(f"{killed} kills; {len(charges)} acknowledged by the dead, {len(survivor.charges)} by the survivor, "
          f"{len(books.receipts)} on the books")  # fmt: skip
    assert killed == KILLS_BESIDE
    assert len(charges) > 2 * KILLS_BESIDE, "too little was asked for this to mean anything"
