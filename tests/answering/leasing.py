"""What tests of leases share: one shop or two on the same books, and a look at who leases what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select
from tests.answering.desks import QUOTE_GRAINS, USAGE, ZERO, Scripted, Shop, check_books, reported, said, shop
from tests.answering.stories import KNOWN, amounts, ask
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.answering.tend_leases import tend_leases
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.ledger.pot_store import leases
from solvent.values.errors import Refused
from solvent.values.ids import CustomerId
from solvent.values.instant import US_PER_S
from solvent.values.limits import LEASE_IDLE_S, LEASE_QUESTIONS

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
