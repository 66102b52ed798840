"""Leases when something fails: nothing is lost, nothing is promised twice, and everything comes back."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy import Connection, func, select, text
from tests.answering.desks import QUOTE_GRAINS, Scripted, Shop, check_books, reported, said, shop, until
from tests.answering.leasing import (
    CHARGE,
    IDLE_US,
    PAID,
    PLENTY,
    alone,
    free,
    hold_open,
    id_of,
    leased,
    one_answer,
    refusal,
    tending,
)
from tests.answering.stories import ask
from tests.db.opened import Place

from solvent.answering.tend_leases import tend_leases
from solvent.identity.caller import Caller
from solvent.ledger.account import wallet
from solvent.ledger.pot_store import leases
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.values.errors import Refused, Unavailable
from solvent.values.instant import US_PER_S
from solvent.values.limits import HOLD_S_MAX

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
            assert all(isinstance(outcome, Unavailable | Refused) for outcome in outcomes)
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
