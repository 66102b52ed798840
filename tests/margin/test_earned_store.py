"""What plans earned is in the roll-ups and in no figure about answers."""

from __future__ import annotations

import asyncio

from tests.db.opened import Place

from solvent.margin import store
from solvent.margin.earned_store import add_earned
from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.store import Folded
from solvent.margin.usage_store import used_by


def test_plans_stand_under_no_model_beside_what_answers_did(place: Place) -> None:
    answers = MarginSums(answers=2, charge_grains=30, granted_grains=10, cost_grains=25, output_tokens=9)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: store.add(c, [(MarginKey(9, "kim", "pro", "house"), answers)]))
            await database.write(lambda c: add_earned(c, [(9, "kim", "pro", 100), (10, "kim", "pro", 50)]))
            await database.write(lambda c: add_earned(c, [(9, "kim", "pro", -40), (9, "lee", "pro", 0)]))
            by_model = await database.read(lambda c: store.lines(Folded(c), "model", 0, "KRW"))
            assert [(line.name, line.earned.grains, line.margin.grains) for line in by_model] == [
                ("", 110, 110),
                ("house", 0, -5),
            ]
            by_customer = await database.read(lambda c: store.lines(Folded(c), "customer", 0, "KRW"))
            assert [(line.name, line.margin.grains) for line in by_customer] == [("kim", 105)], "lee earned nothing"
            assert (by_customer[0].sums.answers, by_customer[0].charge.grains) == (2, 30)

    asyncio.run(live())


def test_statements_and_break_even_see_answers_alone(place: Place) -> None:
    answers = MarginSums(answers=1, charge_grains=30, cost_grains=25, input_tokens=4)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: store.add(c, [(MarginKey(9, "kim", "pro", "house"), answers)]))
            await database.write(lambda c: add_earned(c, [(9, "kim", "pro", 100)]))
            assert await database.read(lambda c: used_by(Folded(c), ["kim"], 9, 10)) == [
                ("kim", "house", 1, 4, 0, 30, 0)
            ]
            assert await database.read(lambda c: store.customer_sums(Folded(c), "kim", 0)) == answers

    asyncio.run(live())


def test_nothing_earned_writes_nothing(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: add_earned(c, []))
            await database.write(lambda c: add_earned(c, [(9, "kim", "pro", 0)]))
            assert await database.read(lambda c: store.lines(Folded(c), "day", 0, "KRW")) == []

    asyncio.run(live())
