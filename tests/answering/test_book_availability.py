"""Idle hours of our own engine: a line of their own on the books, once, and on no answer."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.answering.desks import PRICE, USAGE, Scripted, Shop, check_books, reported, shop
from tests.answering.stories import TEXT, WALLET, ask
from tests.answering.test_own_engine import ENGINE_COST, OneSeat
from tests.db.opened import Place

from solvent.answering.book_availability import book_availability
from solvent.answering.watch import Watch
from solvent.app.report import Shown, Span, report
from solvent.app.report_body import report_body
from solvent.ledger.account import ENERGY, ENGINE_ACCRUED, ENGINE_BUSY, ENGINE_IDLE
from solvent.margin.availability import AvailabilityLine
from solvent.pricing.rating import rate
from solvent.values.instant import HOUR_US
from solvent.values.usage import Usage

IDLE_HOUR = rate(Usage(engine_us=3_000_000_000, energy_uj=9_000_000), ENGINE_COST).grains


async def reported_of(shop: Shop) -> tuple[list[AvailabilityLine], int, int]:
    """The line of availability; what the total's answers cost; what is left less idle engines, in won."""
    made = await report(Shown("model"), Span(0, 10**6), "KRW", shop.desk.database)
    body = report_body(made)
    assert sum(line.idle_grains for line in made.availability) == -await shop.left(ENGINE_IDLE)
    assert made.total.margin.grains - made.idle.grains == round(float(body.margin_after_idle) * 10**7)
    return made.availability, made.total.cost.grains, made.idle.grains


def test_idle_hours_are_booked_once_beside_answers(place: Place) -> None:
    engine = OneSeat()

    async def tell() -> None:
        async with shop(place, Scripted([[*TEXT, reported(USAGE)]]), engine=engine, cost=ENGINE_COST) as one:
            caller = await one.customer("a", WALLET)
            watch, route = Watch(engine, one.clock.at_us), one.desk.routes["house"]
            await ask(one, caller)
            [receipt] = await check_books(one)
            assert not watch.is_due(one.clock.at_us)
            for hours in (1, 2):
                engine.hours = hours
                one.clock.at_us += HOUR_US
                assert watch.is_due(one.clock.at_us)
                await book_availability(watch, route, one.desk)
                lines, cost, idle = await reported_of(one)
                assert (cost, idle) == (receipt.cost_grains, hours * IDLE_HOUR), "an answer costs what it cost"
                assert [(line.busy_us, line.idle_us, line.busy_permille) for line in lines] == [
                    (hours * 600_000_000, hours * 3_000_000_000, 166)
                ]
            owed = await one.left(ENGINE_ACCRUED)
            spent = -await one.left(ENGINE_BUSY) - await one.left(ENERGY) - await one.left(ENGINE_IDLE)
            assert owed == spent == receipt.cost_grains + 2 * IDLE_HOUR

    asyncio.run(tell())


@pytest.mark.parametrize("is_written", [True, False], ids=["written, and nobody was told", "not written"])
def test_a_row_whose_writing_failed_is_written_again_as_it_was(place: Place, is_written: bool) -> None:
    engine = OneSeat()

    async def tell() -> None:
        async with shop(place, Scripted([TEXT]), engine=engine, cost=ENGINE_COST) as one:
            watch, route, database = Watch(engine, one.clock.at_us), one.desk.routes["house"], one.desk.database
            engine.hours = 1

            class Failing:
                """The same database, of which the answer to one write is lost, or the write."""

                async def write(self, work: object) -> None:
                    if is_written:
                        await database.write(work)  # type: ignore[arg-type]
                    raise ConnectionError("lost")

            one.desk.database = Failing()  # type: ignore[assignment]
            with pytest.raises(ConnectionError):
                await book_availability(watch, route, one.desk)
            one.desk.database = database
            engine.hours = 3  # time goes on
            for _ in range(2):
                await book_availability(watch, route, one.desk)
            _, _, idle = await reported_of(one)
            hours = rate(Usage(engine_us=6_000_000_000, energy_uj=18_000_000), ENGINE_COST).grains
            assert idle == IDLE_HOUR + hours
            await check_books(one)

    asyncio.run(tell())


def test_a_price_per_answer_is_no_price_of_waiting_and_no_price_at_all_waits(place: Place) -> None:
    engine = OneSeat()
    engine.hours = 1

    async def tell() -> None:
        async with shop(place, Scripted([TEXT]), engine=engine, cost=PRICE) as one:  # by tokens: hours cost nothing
            await book_availability(Watch(engine, one.clock.at_us), one.desk.routes["house"], one.desk)
            lines, _, idle = await reported_of(one)
            assert (len(lines), idle) == (1, 0)
            unpriced = msgspec.structs.replace(one.desk.routes["house"], cost_cards=())
            await book_availability(Watch(engine, one.clock.at_us), unpriced, one.desk)
            assert sum(line.idle_us for line in (await reported_of(one))[0]) == 3_000_000_000

    asyncio.run(tell())
