"""The live view has what plans earned today beside the answers it heard of, however late it sums these."""

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


def test_receipts_are_summed_when_somebody_looks_and_shown_at_once(place: Place) -> None:
    async def live() -> None:
        async with shop(place, Scripted([[said(), reported(USAGE)]] * 3)) as made:
            caller = await made.customer("kim", 10**12)

            async def ask() -> None:
                async for _ in answer(made.question(), caller, made.desk):
                    pass

            await ask()  # on the books before anybody listens, so among what is read there
            view = Live(made.desk)
            await view.start()
            assert (view.today.sums.answers, len(view.receipts)) == (1, 1)
            await ask()
            watcher = view.watch()
            assert watcher.empty(), "what came before is among the receipts"
            assert [one.id for one in view.receipts] == [one.id for one in made.told]
            await ask()
            assert watcher.get_nowait() is made.told[2]
            one, sums = made.told[2], view.today.sums
            assert (sums.answers, sums.charge_grains, sums.cost_grains) == (
                3,
                3 * one.charge_grains,
                3 * one.cost_grains,
            )
            view.leave(watcher)
            view.leave(watcher)
            made.clock.at_us += 86_400 * 10**6
            assert view.today.sums.answers == 0, "another day"
            assert len(view.receipts) == 3

    asyncio.run(live())
