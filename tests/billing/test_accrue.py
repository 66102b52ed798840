"""Accrual on both databases: the margins of days get what plans and packs earn, once, however often it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from random import Random

import msgspec
import pytest
from sqlalchemy import Connection, func, select, text
from tests.billing.months import DEC_1, KIM, LEE, NOV_1, NOVEMBER, Teller, nothing_used, system
from tests.billing.test_accrual import schedule
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US, draft, line

from solvent.billing import invoice_store, recognition_store
from solvent.billing.accrue import accrue
from solvent.billing.close_month import close_month
from solvent.billing.recognition import DONE_US, Schedule, earned_between
from solvent.db.port import Database
from solvent.invoicing.credit import Part
from solvent.ledger.account import MEMO_EXPIRED, MEMO_USED, REVENUE_PACKS, allowance
from solvent.ledger.unit import ANSWERS
from solvent.margin import store as margin_store
from solvent.margin.earned_store import add_earned
from solvent.margin.line import KeptBy
from solvent.values.ids import CustomerId
from solvent.values.limits import ACCRUALS_AT_ONCE
from solvent.values.money import Money
from solvent.values.period import day_number, start_of_day, zone

SEOUL = zone("Asia/Seoul")
NOV_1_DAY = day_number(NOV_1, SEOUL)
POT = allowance(KIM, "pack_1")
Row = tuple[int, str, str, int]


async def accrued(database: Database, now_us: int) -> int:
    return await accrue(add_earned, "KRW", database, now_us)


def earned(connection: Connection, by: KeptBy = "day", since: int = 0) -> dict[str, int]:
    lines = margin_store.lines(margin_store.Folded(connection), by, since, "KRW")
    return {line.name: line.earned.grains for line in lines if line.earned.grains}


def rows(connection: Connection) -> list[Row]:
    table = margin_store.margins.c
    chosen = select(table.day, table.customer, table.plan, table.earned_grains)
    found = connection.execute(
        chosen.where(table.model == "", table.earned_grains != 0).order_by(table.day, table.customer, table.plan)
    )
    return [(int(day), customer, plan, int(grains)) for day, customer, plan, grains in found]


def all_schedules(connection: Connection) -> list[Schedule]:
    ids = connection.execute(select(recognition_store.schedules.c.account).distinct()).scalars()
    return [one for account in ids.all() for one in recognition_store.schedules_of(connection, account)]


def rebuilt(connection: Connection, today: int) -> list[Row]:
    """By time alone, day by day, from nothing but the schedules."""
    sums: dict[tuple[int, str, str], int] = {}
    for one in all_schedules(connection):
        for day in range(day_number(one.from_us, SEOUL), min(today, day_number(one.until_us, SEOUL)) + 1):
            grains = earned_between(one, start_of_day(day, SEOUL), start_of_day(day + 1, SEOUL))
            key = (day, one.customer, one.plan)
            sums[key] = sums.get(key, 0) + grains
    return [(*key, grains) for key, grains in sorted(sums.items()) if grains]


def test_a_day_has_its_part_from_its_beginning_on_and_only_once(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            assert await accrued(database, NOV_1) == 0, "there is nothing to earn"
            await database.write(lambda c: Teller(c).subscribe(KIM, 33_000, NOV_1, NOV_1 + 30 * DAY_US, NOV_1))
            assert await accrued(database, NOV_1 + 1) == 1
            assert await database.read(earned) == {str(NOV_1_DAY): 1_000 * 10**7}
            for later_us in (1, DAY_US // 2, DAY_US - 1):
                assert await accrued(database, NOV_1 + later_us) == 0
            assert await accrued(database, NOV_1 + DAY_US) == 1
            assert await accrued(database, NOV_1 + 4 * DAY_US + 5) == 3, "days that nobody was there for"
            days = {str(NOV_1_DAY + day): 1_000 * 10**7 for day in range(5)}
            assert await database.read(earned) == days
            assert await database.read(partial(earned, by="customer")) == {KIM: 5_000 * 10**7}
            assert await database.read(partial(earned, by="plan")) == {"pro": 5_000 * 10**7}
            assert await database.read(partial(earned, by="model")) == {"": 5_000 * 10**7}
            await accrued(database, NOV_1 + 90 * DAY_US)
            assert sum((await database.read(earned)).values()) == 30_000 * 10**7
            assert await accrued(database, NOV_1 + 99 * DAY_US) == 0

    asyncio.run(live())


def test_what_is_given_back_is_taken_from_the_days_it_was_for(place: Place) -> None:
    def give_back(connection: Connection) -> None:
        (schedule,) = recognition_store.schedules_of(connection, f"deferred:sub_{KIM}")
        part = Part(1, Money(22_000 * 10**7, "KRW"), from_us=NOV_1 + 10 * DAY_US)
        invoice = schedule.id.partition(".")[0]
        invoice_store.credit(connection, invoice, [part], NOV_1 + 10 * DAY_US, "cancel")  # type: ignore[arg-type]

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: Teller(c).subscribe(KIM, 33_000, NOV_1, NOV_1 + 30 * DAY_US, NOV_1))
            await accrued(database, NOV_1 + 10 * DAY_US)
            await database.write(give_back)
            await accrued(database, NOV_1 + 10 * DAY_US + 1)
            days = await database.read(earned)
            assert days == {str(NOV_1_DAY + day): 1_000 * 10**7 for day in range(10)}, "today's is taken back too"
            await accrued(database, DEC_1 + DAY_US)
            assert await database.read(earned) == days

    asyncio.run(live())


def buy_pack(connection: Connection, until_us: int) -> Teller:
    teller = Teller(connection)
    teller.open_wallet(KIM)
    teller.open_pot(POT, "allowance", ANSWERS, KIM, 100, NOV_1)
    pack = line(
        11_000, "pack", "deferred:pack_1", quantity=100, unit="answers", pot=POT, revenue_account=REVENUE_PACKS,
        from_us=NOV_1, until_us=until_us,
    )  # fmt: skip
    invoice_store.issue(connection, draft(pack, customer=KIM), NOV_1)
    return teller


def use_pack(connection: Connection, pieces: int, at_us: int) -> None:
    teller = Teller(connection)
    teller.count = at_us // 10**6
    teller.answer(POT, pieces, at_us, ANSWERS, MEMO_USED)


def test_a_pack_is_seen_as_it_is_used_and_ends_whole(place: Place) -> None:
    until_us = NOV_1 + 9 * DAY_US + 5

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: buy_pack(c, until_us))
            assert await accrued(database, NOV_1 + 9) == 0, "nothing is used"
            await database.write(lambda c: use_pack(c, 37, NOV_1 + 10 * 10**6))
            assert await accrued(database, NOV_1 + 11 * 10**6) == 1
            assert await accrued(database, NOV_1 + 12 * 10**6) == 0
            await database.write(lambda c: use_pack(c, 3, NOV_1 + 2 * DAY_US))
            assert await accrued(database, NOV_1 + 2 * DAY_US + 10**6) == 1
            assert await database.read(earned) == {str(NOV_1_DAY): 3_700 * 10**7, str(NOV_1_DAY + 2): 300 * 10**7}
            assert await accrued(database, NOV_1 + 9 * DAY_US) == 1
            assert (await database.read(earned))[str(NOV_1_DAY + 9)] == 6_000 * 10**7, "what is left is breakage"
            await database.write(lambda c: Teller(c).book(POT, MEMO_EXPIRED, 60, until_us, ANSWERS))
            assert await accrued(database, NOV_1 + 20 * DAY_US) == 0

    asyncio.run(live())


def test_what_expires_or_is_given_back_of_a_pack_is_not_used(place: Place) -> None:
    def give_back(connection: Connection) -> None:
        Teller(connection).book(POT, MEMO_EXPIRED, 60, NOV_1 + DAY_US, ANSWERS)
        (schedule,) = recognition_store.schedules_of(connection, "deferred:pack_1")
        part = Part(1, Money(6_600 * 10**7, "KRW"), from_us=NOV_1 + DAY_US)
        invoice = schedule.id.partition(".")[0]
        invoice_store.credit(connection, invoice, [part], NOV_1 + DAY_US, "back")  # type: ignore[arg-type]

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: buy_pack(c, NOV_1 + 9 * DAY_US + 5))
            await database.write(lambda c: use_pack(c, 40, NOV_1 + 10**6))
            await accrued(database, NOV_1 + 2 * 10**6)
            await database.write(give_back)
            for day in range(1, 12):
                await accrued(database, NOV_1 + day * DAY_US + 1)
                assert await database.read(earned) == {str(NOV_1_DAY): 4_000 * 10**7}

    asyncio.run(live())


def test_another_currency_is_not_the_operators(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: Teller(c).subscribe(KIM, 33_000, NOV_1, NOV_1 + 30 * DAY_US, NOV_1))
            await database.write(lambda c: buy_pack(c, DEC_1))
            await database.write(lambda c: use_pack(c, 3, NOV_1 + 10**6))
            assert await accrue(add_earned, "USD", database, DEC_1) == 0
            assert await database.read(earned) == {}

    asyncio.run(live())


def test_closing_a_month_brings_its_days_up_to_date(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: Teller(c).subscribe(KIM, 33_000, NOV_1, NOV_1 + 30 * DAY_US, NOV_1))
            now_us = DEC_1 + DAY_US
            act = system(NOVEMBER, now_us)
            await close_month(NOVEMBER, "KRW", nothing_used, database, act, add_earned=add_earned)
            days = await database.read(earned)
            assert days == {str(NOV_1_DAY + day): 1_000 * 10**7 for day in range(30)}

    asyncio.run(live())


@pytest.mark.parametrize("seed", range(4))
def test_random_schedules_sum_to_the_whole_however_often_it_is_asked_and_equal_a_rebuild(
    place: Place, seed: int
) -> None:
    random = Random(seed)
    people = [KIM, LEE, CustomerId("cus_park")]
    count = 0

    def some(connection: Connection, now_us: int) -> None:
        """Sums that begin before, now or later, and some that are given back whole or in part."""
        nonlocal count
        for _ in range(random.randrange(4)):
            count += 1
            from_us = now_us + random.randrange(-20 * DAY_US, 3 * DAY_US)
            until_us = from_us + random.choice([1, DAY_US // 3, DAY_US, 30 * DAY_US, 365 * DAY_US])
            won, account = random.randrange(1_000, 90_000), f"deferred:sub_{count}"
            plan = random.choice(["pro", "plus"])
            item = line(won, account=account, from_us=from_us, until_us=until_us, plan=plan)
            wanted = draft(item, customer=random.choice(people), reference=f"r{count}")
            invoice = invoice_store.issue(connection, wanted, now_us)
            if random.random() < 0.4:
                part = Part(
                    1, Money(random.randrange(1, won) * 10**7, "KRW"), from_us=random.randrange(from_us, until_us)
                )
                invoice_store.credit(connection, invoice.id, [part], now_us, f"b{count}")

    async def live() -> None:
        async with place.opened() as database:
            now_us = NOV_1
            for _ in range(12):
                await database.write(partial(some, now_us=now_us))
                for _ in range(random.randrange(3)):
                    await accrued(database, now_us)
                now_us += random.randrange(4 * DAY_US)
            await accrued(database, now_us)
            found = await database.read(rows)
            assert found == await database.read(partial(rebuilt, today=day_number(now_us, SEOUL)))
            await asyncio.gather(*(accrued(database, now_us) for _ in range(3)))
            assert await database.read(rows) == found
            await accrued(database, now_us + 500 * DAY_US)
            whole = await database.read(lambda c: sum(one.grains for one in all_schedules(c)))
            assert sum(grains for *_, grains in await database.read(rows)) == whole
            assert sum((await database.read(partial(earned, by="plan"))).values()) == whole
            done = select(func.count()).where(recognition_store.schedules.c.accrue_us != DONE_US)
            assert await database.read(lambda c: c.execute(done).scalar_one()) == 0

    asyncio.run(live())


def test_it_is_done_in_small_steps_and_two_who_do_it_at_once_do_it_once(place: Place) -> None:
    people = [CustomerId(f"cus_{n:04d}") for n in range(40)]
    written: list[int] = []

    def subscribe(connection: Connection) -> None:
        for customer in people:
            Teller(connection).subscribe(customer, 33_000, NOV_1, NOV_1 + 30 * DAY_US, NOV_1)

    def add(connection: Connection, days: Sequence[Row]) -> None:
        written.append(len(days))
        add_earned(connection, days)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(subscribe)
            now_us = NOV_1 + 20 * DAY_US
            done = await asyncio.gather(*(accrue(add, "KRW", database, now_us) for _ in range(2)))
            assert sum(done) == len(people) * 21
            assert max(written) <= ACCRUALS_AT_ONCE < sum(written)
            assert await database.read(partial(earned, by="model")) == {"": len(people) * 21_000 * 10**7}

    asyncio.run(live())


def test_what_is_due_is_found_by_indexes_however_much_is_done(place: Place) -> None:
    done = schedule(1, 0, 1, "pot", 1)
    done = msgspec.structs.replace(done, accrued_grains=1, accrue_us=DONE_US, attention_us=DONE_US)

    def plans(connection: Connection) -> str:
        years = (msgspec.structs.replace(done, id=f"inv_{n}", pot="pot" if n % 9 else "") for n in range(4_000))
        recognition_store.add_schedules(connection, years)
        connection.execute(text("ANALYZE"))
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        found = []
        for condition, order in (
            (f"accrue_us < 5 AND {recognition_store.IS_OPEN}", "accrue_us"),
            (f"{recognition_store.IS_OPEN_POT} AND id > ''", "id"),
        ):
            asked = f"{explain} SELECT id FROM schedules WHERE {condition} ORDER BY {order} LIMIT 5"
            found += [str(row) for row in connection.execute(text(asked))]
        return " ".join(found)

    async def live() -> None:
        async with place.opened() as database:
            found = await database.write(plans)
            assert "ix_schedules_accrue_us" in found
            assert "ix_schedules_open_pots" in found

    asyncio.run(live())
