"""Schedules on the books: days sum to the month that is posted, packs are earned by use, refunds take it back."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection
from tests.billing.months import DEC_1, DECEMBER, JAN_1, KIM, LEE, NOV_1, NOVEMBER, Teller, balance, close
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US, draft, line

from solvent.billing import invoice_store, recognition_store
from solvent.invoicing.credit import Part
from solvent.ledger.account import BREAKAGE, MEMO_EXPIRED, MEMO_USED, REVENUE_PACKS, allowance
from solvent.ledger.unit import ANSWERS
from solvent.values.money import Money


def test_days_sum_to_what_the_closing_posts(place: Place) -> None:
    def story(connection: Connection) -> None:
        teller = Teller(connection)
        teller.subscribe(KIM, 29_000, NOV_1 + 7 * 10**9, NOV_1 + 30 * DAY_US, NOV_1)
        teller.subscribe(LEE, 100_000, NOV_1 + 20 * DAY_US, NOV_1 + 51 * DAY_US, NOV_1)

    def by_day(connection: Connection) -> dict[str, int]:
        sums: dict[str, int] = {}
        for day in range(30):
            start_us = NOV_1 + day * DAY_US
            found = recognition_store.revenue_between(connection, start_us, start_us + DAY_US)
            for (customer, plan, currency), grains in found.items():
                assert (plan, currency) == ("pro", "KRW")
                sums[customer] = sums.get(customer, 0) + grains
        return sums

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)
            days = await database.read(by_day)
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            assert days[KIM] == 26_364 * 10**7
            assert sum(days.values()) == await database.read(lambda c: balance(c, "revenue:subscriptions"))
            assert await database.read(by_day) == days, "posted or not"

    asyncio.run(live())


def test_a_pack_is_earned_by_use_and_the_rest_at_its_end(place: Place) -> None:
    pot = allowance(KIM, "pack_1")

    def story(connection: Connection) -> None:
        teller = Teller(connection)
        teller.open_wallet(KIM)
        teller.open_pot(pot, "allowance", ANSWERS, KIM, 100, NOV_1)
        pack = line(
            11_000, "pack", "deferred:pack_1", quantity=100, unit="answers", pot=pot, revenue_account=REVENUE_PACKS,
            from_us=NOV_1, until_us=DEC_1 + 5 * DAY_US,
        )  # fmt: skip
        invoice_store.issue(connection, draft(pack, customer=KIM), NOV_1)
        teller.answer(pot, 37, NOV_1 + 9, ANSWERS, MEMO_USED)

    def december(connection: Connection) -> None:
        teller = Teller(connection)
        teller.count = 100
        teller.answer(pot, 3, DEC_1 + 9, ANSWERS, MEMO_USED)
        teller.book(pot, MEMO_EXPIRED, 60, DEC_1 + 6 * DAY_US, ANSWERS)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            assert await database.read(lambda c: balance(c, REVENUE_PACKS)) == 3_700 * 10**7
            await database.write(december)
            await close(database, DECEMBER, JAN_1 + DAY_US)
            assert await database.read(lambda c: balance(c, REVENUE_PACKS)) == 4_000 * 10**7
            assert await database.read(lambda c: balance(c, BREAKAGE)) == 6_000 * 10**7
            assert await database.read(lambda c: balance(c, "deferred:pack_1")) == 0

    asyncio.run(live())


def test_a_pack_given_back_unused_leaves_no_breakage(place: Place) -> None:
    pot = allowance(KIM, "pack_1")

    def story(connection: Connection) -> None:
        teller = Teller(connection)
        teller.open_wallet(KIM)
        teller.open_pot(pot, "allowance", ANSWERS, KIM, 100, NOV_1)
        pack = line(
            11_000, "pack", "deferred:pack_1", quantity=100, unit="answers", pot=pot, revenue_account=REVENUE_PACKS,
            from_us=NOV_1, until_us=DEC_1 - 1,
        )  # fmt: skip
        invoice = invoice_store.issue(connection, draft(pack, customer=KIM), NOV_1)
        teller.answer(pot, 40, NOV_1 + 9, ANSWERS, MEMO_USED)
        teller.book(pot, MEMO_EXPIRED, 60, NOV_1 + 10, ANSWERS)
        part = Part(1, Money(6_600 * 10**7, "KRW"))
        invoice_store.credit(connection, invoice.id, [part], NOV_1 + 11, "back")

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            assert await database.read(lambda c: balance(c, REVENUE_PACKS)) == 4_000 * 10**7
            assert await database.read(lambda c: balance(c, BREAKAGE)) == 0
            assert await database.read(lambda c: balance(c, "deferred:pack_1")) == 0

    asyncio.run(live())


def test_what_is_given_back_of_a_subscription_is_earned_no_more(place: Place) -> None:
    def story(connection: Connection) -> None:
        teller = Teller(connection)
        teller.subscribe(KIM, 33_000, NOV_1, NOV_1 + 30 * DAY_US, NOV_1)
        (schedule,) = recognition_store.schedules_of(connection, f"deferred:sub_{KIM}")
        invoice = schedule.id.partition(".")[0]
        part = Part(1, Money(22_000 * 10**7, "KRW"), from_us=NOV_1 + 10 * DAY_US)
        invoice_store.credit(connection, invoice, [part], NOV_1 + 10 * DAY_US, "cancel")  # type: ignore[arg-type]

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)
            sums = await database.read(
                lambda c: recognition_store.revenue_between(c, NOV_1 + 10 * DAY_US, NOV_1 + 31 * DAY_US)
            )
            assert sums == {(KIM, "pro", "KRW"): 0}
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            assert await database.read(lambda c: balance(c, "revenue:subscriptions")) == 10_000 * 10**7
            assert await database.read(lambda c: balance(c, f"deferred:sub_{KIM}")) == 0

    asyncio.run(live())
