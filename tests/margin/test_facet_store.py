"""Roll-ups by service, key and part on both databases: the sums of what was added, in whatever batches."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from random import Random

from tests.db.opened import Place

from solvent.margin import facet_store
from solvent.margin.facet import Facet
from solvent.margin.facet_store import parts_of
from solvent.margin.line import MarginSums
from solvent.margin.store import Folded

DAY = 20_000


def some_facets(random: Random, count: int) -> list[Facet]:
    def one() -> Facet:
        customer = random.randrange(700)
        return Facet(
            DAY + random.randrange(5), f"cus_{customer:03}", f"key_{customer}_{random.randrange(2)}",
            random.choice(["chat/quick", "api/chat", "api/a'b"]),
            MarginSums(answers=1, charge_grains=random.randrange(10**9), cost_grains=random.randrange(10**9)),
        )  # fmt: skip

    return [one() for _ in range(count)]


def test_they_are_the_sums_of_what_was_added(place: Place) -> None:
    random = Random(7)
    added = some_facets(random, 1_500)

    async def live() -> None:
        async with place.opened() as database:
            left = list(added)
            while left:
                size = random.choice([1, 40, 300])
                await database.append([(facet_store.add, one) for one in left[:size]])
                del left[:size]
            for first, last in ((DAY, DAY + 4), (DAY + 1, DAY + 3), (DAY + 9, DAY + 9)):
                inside = [one for one in added if first <= one.day <= last]
                services = await database.read(
                    partial(facet_store.by_service, from_day=first, currency="KRW", until_day=last)
                )
                costs = Counter[str]()
                for one in inside:
                    costs[one.service] += one.sums.cost_grains
                assert {line.name: line.sums.cost_grains for line in services} == dict(costs)
                assert sum(line.sums.answers for line in services) == len(inside)

    asyncio.run(live())


def test_what_costs_were_for_is_summed_by_plan(place: Place) -> None:
    random = Random(9)
    added = [
        (DAY + random.randrange(5), random.choice(["free", "pro"]), random.choice(["input", "cached"]),
         random.randrange(-9, 10**9))
        for _ in range(900)
    ]  # fmt: skip

    async def live() -> None:
        async with place.opened() as database:
            left = list(added)
            while left:
                size = random.choice([1, 40, 300])
                await database.append([(facet_store.add_parts, one) for one in left[:size]])
                del left[:size]
            for first, last in ((DAY, DAY + 4), (DAY + 1, DAY + 3), (DAY + 9, DAY + 9)):
                by_part = Counter[tuple[str, str]]()
                for day, plan, part, grains in added:
                    if first <= day <= last:
                        by_part[plan, part] += grains
                found = await database.read(lambda c, a=first, b=last: parts_of(Folded(c), a, b))  # type: ignore[misc]
                assert found == dict(by_part)

    asyncio.run(live())


def test_keys_are_found_by_their_customers_the_least_margin_first(place: Place) -> None:
    added = some_facets(Random(8), 2_000)

    async def live() -> None:
        async with place.opened() as database:
            await database.append([(facet_store.add, one) for one in added])
            whose = sorted({one.customer for one in added})[:620]  # more than are asked for at once
            found = await database.read(
                partial(facet_store.by_key, customers=whose, from_day=DAY + 1, currency="KRW", until_day=DAY + 2)
            )
            expected = Counter[tuple[str, str]]()
            for one in added:
                if one.customer in whose and DAY < one.day <= DAY + 2:
                    expected[one.customer, one.key] += one.sums.charge_grains - one.sums.cost_grains
            assert {(customer, line.name): line.margin.grains for customer, line in found} == dict(expected)
            margins = [line.margin.grains for _, line in found]
            assert margins == sorted(margins)
            assert await database.read(partial(facet_store.by_key, customers=[], from_day=DAY, currency="KRW")) == []

    asyncio.run(live())
