"""Months close by themselves some days after their end: in order, once, also when several processes do it."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from tests.billing.months import DEC_1, JAN_1, KIM, NOV_1, NOVEMBER, OCTOBER, Teller, nothing_used, one_of_everything
from tests.billing.months import DECEMBER as LATEST
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US

from solvent.billing import close_store
from solvent.billing.close_ended_months import close_ended_months
from solvent.db.port import Database
from solvent.ledger.account import wallet
from solvent.values.errors import Conflict

WALLET = wallet(KIM)


async def closed(database: Database, now_us: int, after_days: int = 3) -> list[int]:
    return await close_ended_months(after_days, "KRW", nothing_used, database, now_us)


def test_a_month_is_closed_when_its_days_have_passed_and_not_before(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            assert await closed(database, DEC_1 + 9 * DAY_US) == [], "nothing was ever booked"
            await database.write(lambda c: one_of_everything(c, KIM))
            assert await closed(database, NOV_1 + 20 * DAY_US) == []
            assert await closed(database, DEC_1 + 3 * DAY_US - 1) == []
            assert await closed(database, DEC_1 + 3 * DAY_US) == [NOVEMBER]
            assert await closed(database, DEC_1 + 4 * DAY_US) == []
            made = await database.read(partial(close_store.closing_of, month=NOVEMBER))
            assert made is not None
            assert made.closed_us == DEC_1 + 3 * DAY_US

    asyncio.run(live())


def test_those_that_were_missed_are_closed_one_at_a_time_in_their_order(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            await database.write(lambda c: Teller(c).book("cash:bank", WALLET, 10**7, JAN_1 + DAY_US))
            assert await closed(database, JAN_1 + 5 * DAY_US) == [NOVEMBER]
            assert await closed(database, JAN_1 + 5 * DAY_US) == [LATEST]
            assert await closed(database, JAN_1 + 5 * DAY_US) == []
            assert OCTOBER not in [one.month for one in await database.read(close_store.closings)]

    asyncio.run(live())


def test_a_clock_that_is_far_ahead_closes_nothing(place: Place) -> None:
    """What is sealed stays sealed, so one wrong look at the clock must not seal years."""

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            with pytest.raises(Conflict, match="nothing was booked for 40 days"):
                await closed(database, JAN_1 + 3 * 365 * DAY_US)
            assert await database.read(close_store.closings) == []
            assert await closed(database, DEC_1 + 3 * DAY_US) == [NOVEMBER]

    asyncio.run(live())


def test_several_processes_close_a_month_once(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as one, place.opened() as other:
            await one.write(lambda c: one_of_everything(c, KIM))
            both = await asyncio.gather(*(closed(each, DEC_1 + 5 * DAY_US) for each in (one, other, one)))
            assert NOVEMBER in [month for each in both for month in each]
            assert [made.month for made in await one.read(close_store.closings)] == [NOVEMBER]

    asyncio.run(live())
