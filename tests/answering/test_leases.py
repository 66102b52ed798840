"""Leases in use: several processes, clients who leave, pots that expire, books that fail: no money is lost sight of.

Each test has one process or two at the same books; `tending` is what the service does twice a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from sqlalchemy import Connection, func, select, text
from tests.answering.desks import QUOTE_GRAINS, USAGE, ZERO, Scripted, Shop, check_books, reported, said, shop, until
from tests.answering.stories import KNOWN, amounts, ask
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.answering.tend_leases import tend_leases
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.ledger.account import allowance, grant_account, wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.ledger.pot import NEVER_US, Pot
from solvent.ledger.pot_store import leases, touch_customers
from solvent.ledger.unit import ANSWERS
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.values.errors import Refused, Unavailable
from solvent.values.ids import CustomerId
from solvent.values.instant import US_PER_S
from solvent.values.limits import HOLD_S_MAX, LEASE_IDLE_S, LEASE_QUESTIONS

SOON_S = 30.0
IDLE_US = int((LEASE_IDLE_S + 1) * US_PER_S)
CHARGE = amounts(KNOWN)[0]
FREE = [said(), reported(ZERO)]
PAID = [said(), reported(USAGE)]
PLENTY = 100 * LEASE_QUESTIONS * QUOTE_GRAINS

Story = Callable[[Shop, Caller], Awaitable[None]]
StoryOfTwo = Callable[[Shop, Shop, Caller], Awaitable[None]]


def id_of(caller: Caller) -> CustomerId:
    assert caller.customer is not None
    return caller.customer.id


def alone(place: Place, provider: Scripted, money: int, tell: Story) -> None:
    """One process, one customer with so much in the wallet."""

    async def live() -> None:
        async with shop(place, provider) as open_shop:
            caller = await open_shop.customer("a", money)
            await asyncio.wait_for(tell(open_shop, caller), SOON_S)
            await check_books(open_shop)

    asyncio.run(live())


def both(place: Place, provider: Scripted, money: int, tell: StoryOfTwo) -> None:
    """Two processes at the same books, and one customer who may ask at either."""

    async def live() -> None:
        async with (
            shop(place, provider, holder="proc_1") as one,
            shop(place, provider, holder="proc_2") as other,
        ):
            caller = await one.customer("a", money)
            await asyncio.wait_for(tell(one, other, caller), SOON_S)
            await check_books(one, other)

    asyncio.run(live())


@asynccontextmanager
async def tending(*shops: Shop, every_s: float = 0.02) -> AsyncIterator[None]:
    """As the service does, only more often."""

    async def tend(each: Shop) -> None:
        version = 0
        while True:
            version = await tend_leases(each.desk, version)
            await asyncio.sleep(every_s)

    tasks = [asyncio.create_task(tend(each)) for each in shops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}, outcomes


async def free(shop: Shop, account: str, unit: str = "KRW") -> int:
    return await shop.desk.database.read(lambda connection: pot_store.free(connection, account, unit))


async def leased(shop: Shop) -> dict[tuple[str, str], int]:
    chosen = select(leases.c.holder, leases.c.account, leases.c.grains)
    rows = await shop.desk.database.read(lambda connection: list(connection.execute(chosen)))
    return {(row[0], row[1]): row[2] for row in rows}


async def one_answer(shop: Shop, caller: Caller) -> Receipt:
    receipt = (await ask(shop, caller))[-1]
    assert isinstance(receipt, Receipt)
    return receipt


async def refusal(shop: Shop, caller: Caller) -> Refused:
    with pytest.raises(Refused) as caught:
        await ask(shop, caller)
    return caught.value


async def hold_open(shop: Shop, caller: Caller) -> AsyncIterator[object]:
    """An answer under way: opened, and not read further yet."""
    answering = answer(shop.question(), caller, shop.desk)
    assert isinstance(await anext(answering), Opened)
    return answering


async def looks(shop: Shop) -> None:
    """Until the database is being asked, and not a moment longer."""
    for _ in range(100):
        if shop.desk.looking:
            return
        await asyncio.sleep(0)
    raise AssertionError("nobody asked the database")


def test_a_first_question_leases_enough_for_many(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        for n in range(LEASE_QUESTIONS // 2):
            await one_answer(shop, caller)
            assert shop.desk.funds_of(id_of(caller)).looks == 1, n
        [lease] = (await leased(shop)).values()
        assert lease == LEASE_QUESTIONS * QUOTE_GRAINS - LEASE_QUESTIONS // 2 * CHARGE

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_an_idle_lease_is_given_back_and_nothing_is_remembered(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        await one_answer(shop, caller)
        await shop.quiet()
        await tend_leases(shop.desk, 0)
        assert shop.desk.funds
        shop.clock.at_us += IDLE_US
        await tend_leases(shop.desk, 0)
        assert (shop.desk.funds, await leased(shop)) == ({}, {})
        assert await free(shop, wallet(id_of(caller))) == PLENTY - CHARGE
        await one_answer(shop, caller)

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_before_a_process_ends_it_gives_back_every_lease(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        other = await shop.customer("b", PLENTY)
        await one_answer(shop, caller)
        await one_answer(shop, other)
        await tend_leases(shop.desk, 0, all_of_them=True)
        assert await leased(shop) == {}

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_a_client_who_leaves_while_the_database_is_asked_takes_no_lease_away(place: Place) -> None:
    """What was leased for nobody is still this process's to promise, down to the last grain."""

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(20):
            asking = asyncio.create_task(ask(shop, caller))
            await looks(shop)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert shop.desk.looking == 0
            assert shop.purse(caller).spare == 3 * QUOTE_GRAINS
            shop.clock.at_us += IDLE_US
            await tend_leases(shop.desk, 0)
            assert await leased(shop) == {}
        for _ in range(3):
            await one_answer(shop, caller)

    alone(place, Scripted([FREE]), 3 * QUOTE_GRAINS, tell)


def test_a_lease_that_is_just_being_taken_is_not_given_back_from_under_it(place: Place) -> None:
    """The purse was idle and is given back while somebody asks the database for more of it."""

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(15):
            await one_answer(shop, caller)
            purse = shop.purse(caller)
            purse.spare, rest = 7, purse.spare - 7  # too little for another question, and long idle
            await shop.desk.database.write(
                lambda c, rest=rest: pot_store.lessen_leases(  # type: ignore[misc]
                    c, [(wallet(id_of(caller)), "KRW", shop.desk.holder, -rest)]
                )
            )
            shop.clock.at_us += IDLE_US
            asking = asyncio.create_task(one_answer(shop, caller))
            await looks(shop)
            await tend_leases(shop.desk, 0)
            assert (await asking).outcome == "answered"
            await shop.quiet()
            account = wallet(id_of(caller))
            assert (await leased(shop))[shop.desk.holder, account] == shop.purse(caller).spare > 0

    alone(place, Scripted([FREE]), PLENTY, tell)


def test_what_changes_while_the_database_is_asked_is_not_overlooked(place: Place) -> None:
    """A gift that comes in between is spent first, though the pots were read before it came."""

    async def tell(shop: Shop, caller: Caller) -> None:
        funds = shop.desk.funds_of(id_of(caller))
        asking = asyncio.create_task(one_answer(shop, caller))
        await looks(shop)
        funds.forget()  # as `tend_leases` does when it hears of the gift
        gift = Pot(grant_account(id_of(caller), "g"), "KRW", id_of(caller), "grant", "", 0, NEVER_US)
        await shop.fill(gift, QUOTE_GRAINS, "expense:grants")
        first = await asking
        second = await one_answer(shop, caller)
        assert {first.source, second.source} <= {"grant", "grant wallet", "wallet"}
        assert second.source != "wallet" or first.source != "wallet"

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_a_pot_that_expired_is_given_back_too(place: Place) -> None:
    """Or what is left of it could never be booked as expired while this process lives."""

    async def tell(shop: Shop, caller: Caller) -> None:
        account = allowance(id_of(caller), "p")
        ends_us = shop.clock.at_us + 60 * US_PER_S
        await shop.fill(Pot(account, ANSWERS, id_of(caller), "allowance", "", 0, ends_us), 100)
        assert (await one_answer(shop, caller)).source == "allowance"
        shop.clock.at_us = ends_us
        assert (await one_answer(shop, caller)).source == "wallet"
        async with tending(shop):
            assert await call_in_leases(account, ANSWERS, shop.desk.database)
        assert await free(shop, account, ANSWERS) == 99

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_those_who_ask_at_once_share_one_look(place: Place) -> None:
    """Sixty-four at once with money for five: the database is asked once or twice, not sixty-four times."""

    async def tell(shop: Shop, caller: Caller) -> None:
        funds = shop.desk.funds_of(id_of(caller))
        outcomes = await asyncio.gather(*(ask(shop, caller) for _ in range(64)), return_exceptions=True)
        refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
        assert refused == ["balance_held"] * 59
        assert funds.looks <= 3

    alone(place, Scripted([[said(), 0.2, reported(ZERO)]]), 5 * QUOTE_GRAINS, tell)


def test_a_refusal_is_never_older_than_the_question(place: Place) -> None:
    """Money that came in before the question is found, though others were refused a moment ago."""

    async def tell(shop: Shop, caller: Caller) -> None:
        for n in range(5):
            assert (await refusal(shop, caller)).code == "wallet_empty" if n == 0 else "request_exceeds_balance"
            await shop.fill(
                Pot(wallet(id_of(caller)), "KRW", id_of(caller), "wallet", "", 0, NEVER_US),
                QUOTE_GRAINS,
                "expense:grants",
            )
            shop.desk.funds_of(id_of(caller)).changes = 0  # nobody told this process
            await one_answer(shop, caller)

    alone(place, Scripted([[said(), reported(msgspec.Raw(b'{"prompt_tokens":500,"completion_tokens":100}'))]]), 0, tell)


def test_what_another_process_leases_is_called_in_near_the_end(place: Place) -> None:
    """All of the wallet is leased here; a question there is answered as soon as it is given back."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        async with tending(one, other):
            await one_answer(one, caller)
            assert await free(one, wallet(id_of(caller))) == 0
            for _ in range(4):
                await one_answer(other, caller)
                await one_answer(one, caller)
        with pytest.raises(Refused):
            await ask(one, caller)

    whole = [said(), reported(msgspec.Raw(b'{"prompt_tokens":500,"completion_tokens":100}'))]
    both(place, Scripted([whole]), 9 * QUOTE_GRAINS, tell)


def test_nobody_waits_for_what_is_set_aside_elsewhere(place: Place) -> None:
    """The other process's answers are under way: that is a refusal at once, and says that waiting helps."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        async with tending(one, other):
            answering = await hold_open(one, caller)
            began = time.monotonic()
            assert (await refusal(other, caller)).code == "balance_held"
            assert time.monotonic() - began < 1.0
            assert [step async for step in answering]
            await one.quiet()
            await one_answer(other, caller)

    both(place, Scripted([FREE]), QUOTE_GRAINS, tell)


def test_the_order_of_pots_holds_across_processes(place: Place) -> None:
    """What the plan includes is leased by the other process: it is called in before the wallet pays."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        account = allowance(id_of(caller), "p")
        await one.fill(Pot(account, ANSWERS, id_of(caller), "allowance", "", 0, NEVER_US), 6)
        other.desk.funds_of(id_of(caller)).forget()
        async with tending(one, other):
            sources = [(await one_answer(shop, caller)).source for _ in range(4) for shop in (one, other)]
        assert sources == ["allowance"] * 6 + ["wallet"] * 2

    both(place, Scripted([PAID]), PLENTY, tell)


def test_a_process_that_does_not_answer_delays_but_does_not_stop_the_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs with all of the allowance leased: after a while the next pot pays, and then without waiting again."""
    monkeypatch.setattr("solvent.answering.find_funds.LEASE_CALL_IN_STEPS", 6)

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        account = allowance(id_of(caller), "p")
        await one.fill(Pot(account, ANSWERS, id_of(caller), "allowance", "", 0, NEVER_US), 6)
        other.desk.funds_of(id_of(caller)).forget()
        await one_answer(one, caller)  # and never tends again
        began = time.monotonic()
        assert (await one_answer(other, caller)).source == "wallet"
        waited_s = time.monotonic() - began
        assert waited_s >= 0.3
        began = time.monotonic()
        assert (await one_answer(other, caller)).source == "wallet"
        assert time.monotonic() - began < waited_s

    both(place, Scripted([PAID]), PLENTY, tell)


def test_money_can_be_called_in_and_taken_out_beside_the_answers(place: Place) -> None:
    """What is set aside stays; everything else comes back, from both processes."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        account = wallet(id_of(caller))
        async with tending(one, other):
            await one_answer(other, caller)
            answering = await hold_open(one, caller)
            assert await free(one, account) < 39 * QUOTE_GRAINS
            assert await call_in_leases(account, "KRW", one.desk.database)
            await one.quiet()
            assert await free(one, account) == 39 * QUOTE_GRAINS
            assert [step async for step in answering]

    both(place, Scripted([FREE]), 40 * QUOTE_GRAINS, tell)


def test_another_process_is_heard_when_it_changes_the_pots(place: Place) -> None:
    """A gift or a plan that another process booked is used from here too, within one round of tending."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        assert (await one_answer(one, caller)).source == "wallet"
        version = await tend_leases(one.desk, 0)
        assert (await one_answer(one, caller)).source == "wallet"
        gift = Pot(grant_account(id_of(caller), "g"), "KRW", id_of(caller), "grant", "", 0, NEVER_US)
        await other.fill(gift, 10 * QUOTE_GRAINS, "expense:grants")
        assert (await one_answer(one, caller)).source == "wallet"
        assert await tend_leases(one.desk, version) == version + 1
        assert (await one_answer(one, caller)).source == "grant"
        await other.desk.database.write(lambda c: touch_customers(c, [id_of(caller)]))
        assert await tend_leases(one.desk, version + 1) == version + 2
        assert not one.desk.funds_of(id_of(caller)).is_known((), one.clock())

    both(place, Scripted([PAID]), PLENTY, tell)


FULL = {
    "sqlite": "CREATE TRIGGER full BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    "postgresql": 'ALTER TABLE receipts ADD CONSTRAINT "full" CHECK (false) NOT VALID',
}
ROOM_AGAIN = {"sqlite": "DROP TRIGGER full", "postgresql": 'ALTER TABLE receipts DROP CONSTRAINT "full"'}


async def run_sql(shop: Shop, statements: dict[str, str]) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text(statements[connection.dialect.name]))

    await shop.desk.database.write(work)


def test_answers_that_could_not_be_booked_leave_what_they_held_aside_until_it_expires(place: Place) -> None:
    """Nothing is charged, nothing is promised twice; when the holds' time is over every grain is there again."""

    async def live() -> None:
        async with shop(place, Scripted([PAID])) as open_shop:
            caller = await open_shop.customer("a", 5 * QUOTE_GRAINS)
            account = wallet(id_of(caller))
            await one_answer(open_shop, caller)
            await run_sql(open_shop, FULL)
            outcomes = await asyncio.gather(*(ask(open_shop, caller) for _ in range(12)), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} <= {Unavailable, Refused}
            assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) >= 4
            assert open_shop.purse(caller).spare >= 0
            await tend_leases(open_shop.desk, 0)
            await run_sql(open_shop, ROOM_AGAIN)
            held = 5 * QUOTE_GRAINS - CHARGE - await free(open_shop, account) - open_shop.purse(caller).spare
            assert held >= 4 * QUOTE_GRAINS
            later_us = open_shop.clock.at_us + HOLD_S_MAX * US_PER_S
            await void_lost_holds(open_shop.desk.database, later_us, lambda _holder: True)
            open_shop.clock.at_us = later_us
            await tend_leases(open_shop.desk, 0)
            assert await free(open_shop, account) == 5 * QUOTE_GRAINS - CHARGE
            for _ in range(4):
                await one_answer(open_shop, caller)
            await check_books(open_shop)

    asyncio.run(live())


def test_leases_that_could_not_be_given_back_are_given_back_later(place: Place) -> None:
    broken = {
        "sqlite": "CREATE TRIGGER full BEFORE DELETE ON leases BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
        "postgresql": (
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'the disk is full'; END $$ LANGUAGE plpgsql;"
            ' CREATE TRIGGER "full" BEFORE DELETE ON leases EXECUTE FUNCTION refuse()'
        ),
    }
    mended = {"sqlite": "DROP TRIGGER full", "postgresql": 'DROP TRIGGER "full" ON leases; DROP FUNCTION refuse()'}

    async def tell(shop: Shop, caller: Caller) -> None:
        await one_answer(shop, caller)
        shop.clock.at_us += IDLE_US
        await run_sql(shop, broken)
        for _ in range(3):
            with pytest.raises(Exception, match="the disk is full"):
                await tend_leases(shop.desk, 0)
        await run_sql(shop, mended)
        await tend_leases(shop.desk, 0)
        assert (await leased(shop), shop.desk.funds) == ({}, {})
        assert await free(shop, wallet(id_of(caller))) == PLENTY - CHARGE

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_a_process_taken_for_dead_charges_nothing_and_says_so(place: Place) -> None:
    """Its place was lost: what it had set aside is the customer's again, and no answer of it can be booked."""

    async def live() -> None:
        async with (
            shop(place, Scripted([PAID]), holder="proc_1") as dead,
            shop(place, Scripted([PAID]), holder="proc_2") as other,
        ):
            caller = await dead.customer("a", 3 * QUOTE_GRAINS)
            answering = await hold_open(dead, caller)
            await dead.quiet()
            await void_lost_holds(other.desk.database, other.clock(), lambda holder: holder == "proc_2")
            receipts = [await one_answer(other, caller) for _ in range(2)]
            with pytest.raises(Unavailable):
                async for _ in answering:
                    pass
            with pytest.raises((Unavailable, Refused)):
                await ask(dead, caller)
            assert await other.left(wallet(id_of(caller))) == 3 * QUOTE_GRAINS - 2 * CHARGE
            dead.desk.funds.clear()  # it stops, and with it whatever it remembered
            booked = await check_books(other)
            assert {receipt.id for receipt in booked} == {receipt.id for receipt in receipts}

    asyncio.run(live())


def test_no_rows_of_leases_are_left_behind(place: Place) -> None:
    """Customers come and go; the table of leases is as long as what is leased now."""

    async def tell(shop: Shop, _caller: Caller) -> None:
        async with tending(shop):
            for n in range(30):
                visitor = await shop.customer(f"v{n}", QUOTE_GRAINS)
                await one_answer(shop, visitor)
                await refusal(shop, visitor)
            shop.clock.at_us += IDLE_US
            await until(lambda: not shop.desk.funds)
        count = select(func.count()).select_from(leases)
        assert await shop.desk.database.read(lambda connection: connection.execute(count).scalar()) == 0

    whole = [said(), reported(msgspec.Raw(b'{"prompt_tokens":500,"completion_tokens":100}'))]
    alone(place, Scripted([whole]), 0, tell)
