"""The live view has what plans earned today beside the answers it heard of."""

from __future__ import annotations

import asyncio

from tests.answering.desks import USAGE, Scripted, reported, said, shop
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.app.live import Live
from solvent.margin.earned_store import add_earned


def test_what_plans_earned_is_taken_in_and_not_twice(place: Place) -> None:
    async def live() -> None:
        async with shop(place, Scripted([[said(), reported(USAGE)]])) as made:
            view, day = Live(made.desk), made.desk.day(made.clock.at_us)
            before = [(day - 1, "kim", "pro", 9), (day, "kim", "pro", 100)]
            await made.desk.database.write(lambda c: add_earned(c, before))
            await view.start()
            assert (view.today.earned.grains, view.today.margin.grains) == (100, 100)
            caller = await made.customer("kim", 10**12)
            async for _ in answer(made.question(), caller, made.desk):
                pass
            await made.quiet()
            cost_and_charge = view.today.charge - view.today.cost
            assert cost_and_charge.grains
            await made.desk.database.write(lambda c: add_earned(c, [(day, "lee", "pro", 30)]))
            for _ in range(2):
                await view.read_earned()
                assert view.today.earned.grains == 130
                assert view.today.margin.grains == 130 + cost_and_charge.grains
            made.clock.at_us += 86_400 * 10**6
            assert view.today.earned.grains == 0, "another day"
            await view.read_earned()
            assert view.today.earned.grains == 0

    asyncio.run(live())
