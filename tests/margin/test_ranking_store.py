"""Rankings on both databases: the losers and earners that the answers themselves give, for any days and any order."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, func, select
from tests.db.opened import Place

from solvent.margin import store
from solvent.margin.line import MarginKey, MarginLine, MarginSums
from solvent.margin.ranking_store import Ranking, rank, ranked
from solvent.margin.store import Folded
from solvent.values.money import Money

FIRST = (date(2026, 1, 25) - date(1970, 1, 1)).days
Added = tuple[MarginKey, MarginSums]


def answer(day: int, customer: str, charge: int, cost: int, granted: int = 0, *, failed: int = 0) -> Added:
    sums = MarginSums(
        answers=1 - failed, failed=failed, charge_grains=charge, granted_grains=granted, cost_grains=cost,
        input_tokens=day % 7, output_tokens=3,
    )  # fmt: skip
    return MarginKey(day, customer, "pro" if day % 2 else "free", f"m{day % 3}"), sums


def earned(day: int, customer: str, grains: int) -> Added:
    return MarginKey(day, customer, "pro", ""), MarginSums(earned_grains=grains)


def some_answers(random: Random, count: int, days: int) -> list[Added]:
    return [
        answer(
            FIRST + random.randrange(days), f"cus_{random.randrange(12)}", random.randrange(100),
            random.randrange(100), random.randrange(3), failed=random.randrange(2),
        )
        for _ in range(count)
    ]  # fmt: skip


def expected(added: list[Added], from_day: int, until_day: int, count: int) -> Ranking:
    sums: dict[str, MarginSums] = {}
    for key, line in added:
        if from_day <= key.day <= until_day:
            sums.setdefault(key.customer, MarginSums()).add(line)
    lines = [
        line
        for line in (MarginLine(name, "KRW", line) for name, line in sorted(sums.items()))
        if line.sums.answers + line.sums.failed or line.margin.grains
    ]
    losers = sorted(lines, key=lambda line: (line.margin.grains, line.name))
    earners = sorted(lines, key=lambda line: (-line.margin.grains, line.name))
    return Ranking(len(lines), losers[:count], earners[:count])


@pytest.mark.parametrize("seed", range(6))
def test_rankings_are_those_of_the_answers_whatever_the_batches_their_order_and_the_days(
    place: Place, seed: int
) -> None:
    random = Random(seed)
    added = some_answers(random, 400, 75)
    added += [
        earned(FIRST + random.randrange(75), f"cus_{random.randrange(8, 16)}", random.randrange(-40, 60))
        for _ in range(random.choice([0, 30, 200]))
    ]
    late = random.randrange(4) * 8  # how many days an answer may come after answers of later days
    added.sort(key=lambda line: line[0].day + random.randrange(late + 1))

    async def live() -> None:
        async with place.opened() as database:
            left = list(added)
            while left:
                some = left[: random.choice([1, 2, 17, 64])]
                await database.write(partial(store.add, lines=some))
                del left[: len(some)]
            for _ in range(60):
                from_day = FIRST + random.randrange(-5, 80)
                until_day = from_day + random.randrange(-1, 80)
                count = random.choice([1, 5, 50])
                found = await database.read(
                    lambda c, a=from_day, b=until_day, n=count: rank(Folded(c), a, b, "KRW", n)  # type: ignore[misc]
                )
                assert found == expected(added, from_day, until_day, count)

    asyncio.run(live())


def test_customers_are_ranked_in_pages_each_on_one_of_them(place: Place) -> None:
    random = Random(9)
    added = sorted(some_answers(random, 200, 40), key=lambda line: line[0].day)
    added += [answer(FIRST + 41, f"cus_same{n}", 9, 4) for n in range(5)]  # the same margin: by name then

    async def live() -> None:
        async with place.opened() as database:
            await database.write(partial(store.add, lines=added))
            for count in (1, 3, 100):
                found, after = list[tuple[int, str]](), None
                while some := await database.read(
                    lambda c, n=count, last=after: ranked(Folded(c), FIRST, FIRST + 41, n, last)  # type: ignore[misc]
                ):
                    assert len(some) <= count
                    found, after = found + some, some[-1]
                losers = expected(added, FIRST, FIRST + 41, 100).losers
                assert found == [(line.margin.grains, line.name) for line in losers]
            assert await database.read(lambda c: ranked(Folded(c), FIRST + 90, FIRST + 99, 9)) == []

    asyncio.run(live())


def edges(connection: Connection) -> list[int]:
    through = store.customer_margins.c.through
    return list(connection.execute(select(through).distinct().order_by(through)).scalars())


def test_totals_are_kept_of_every_day_and_in_the_long_run_of_four_a_month(place: Place) -> None:
    first = (date(2026, 2, 1) - date(1970, 1, 1)).days

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: store.add(c, [answer(first, "a", 5, 1)]))
            assert await database.read(edges) == [], "there was nothing before"
            await database.write(lambda c: store.add(c, [answer(first, "b", 5, 1)]))
            assert await database.read(edges) == [], "the same day"
            for day in (first + 1, first + 9, first + 16):
                await database.write(partial(store.add, lines=[answer(day, "a", 7, 1)]))
            assert await database.read(edges) == [first, first + 8, first + 15], "none of days without answers"
            await database.write(lambda c: store.add(c, [answer(first + 150, "a", 7, 1)]))
            eighth = first + 6  # nothing was booked after it, so its totals are those of the day after
            assert eighth not in await database.read(edges)
            assert await database.read(edges) == [first + 149], "three months later they are thinned out"

    asyncio.run(live())


def test_a_correction_of_a_day_long_past_moves_every_total_since(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            for day in range(FIRST, FIRST + 60):
                await database.write(partial(store.add, lines=[answer(day, "a", 10, 4), answer(day, "b", 10, 6)]))
            await database.write(lambda c: store.add(c, [answer(FIRST + 3, "c", 0, 9), answer(FIRST + 59, "c", 1, 0)]))
            early = await database.read(lambda c: rank(Folded(c), FIRST, FIRST + 20, "KRW", 2))
            assert [(line.name, line.margin.grains) for line in early.losers] == [("c", -9), ("b", 84)]
            whole = await database.read(lambda c: rank(Folded(c), FIRST, FIRST + 90, "KRW", 1))
            assert (whole.losers[0].name, whole.losers[0].margin) == ("c", Money(-8, "KRW"))
            later = await database.read(lambda c: rank(Folded(c), FIRST + 10, FIRST + 58, "KRW", 5))
            assert {line.name for line in later.losers} == {"a", "b"}, "c had no answers then"

    asyncio.run(live())


def test_what_was_earned_and_given_back_ranks_nobody(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            for day in range(FIRST, FIRST + 9):
                await database.write(partial(store.add, lines=[earned(day, "a", 7), answer(day, "b", 2, 1)]))
                await database.write(partial(store.add, lines=[earned(day, "back", 7), earned(day, "back", -7)]))
            for until_day in (FIRST + 1, FIRST + 5, FIRST + 8):
                found = await database.read(lambda c, last=until_day: rank(Folded(c), FIRST, last, "KRW", 9))  # type: ignore[misc]
                assert [line.name for line in found.earners] == ["a", "b"], "a plan counts without answers"
                assert found.earners[0].margin == Money(7 * (until_day - FIRST + 1), "KRW")
                assert found.customers == 2

    asyncio.run(live())


def test_books_without_answers_rank_nobody(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            assert await database.read(lambda c: rank(Folded(c), 0, 99_999, "KRW", 5)) == Ranking(0, [], [])

    asyncio.run(live())


def test_the_roll_ups_hold_the_same_sums(place: Place) -> None:
    added = some_answers(Random(5), 300, 90)
    latest = max(key.day for key, _ in added)

    def totals(connection: Connection) -> list[list[int]]:
        found = []
        for table, chosen in (
            (store.margins, store.margins.c.day < latest),
            (store.house_margins, store.house_margins.c.day < latest),
            (store.customer_margins, store.customer_margins.c.through == latest - 1),
        ):
            rows = connection.execute(select(*(func.sum(table.c[name]) for name in store.SUMS)).where(chosen))
            found.append([int(value) for value in rows.one()])
        return found

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: store.add(c, added))
            detailed, house, customers = await database.read(totals)
            assert detailed == house == customers

    asyncio.run(live())
