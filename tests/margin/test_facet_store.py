"""Roll-ups by service, key and part on both databases: the sums of what was added, in whatever batches."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from random import Random

from tests.db.opened import Place

from solvent.margin import facet_store
from solvent.margin.facet import Facet
from solvent.margin.line import MarginSums

DAY = 20_000


def some_facets(random: Random, count: int) -> list[Facet]:
    def one() -> Facet:
        cost = random.randrange(10**9)
        cached = random.randrange(cost + 1)
        customer = random.randrange(700)
        return Facet(
            DAY + random.randrange(5), f"cus_{customer:03}", random.choice(["free", "pro"]),
            f"key_{customer}_{random.randrange(2)}", random.choice(["chat/quick", "api/chat", "api/a'b"]),
            MarginSums(answers=1, charge_grains=random.randrange(10**9), cost_grains=cost),
            tuple(part for part in (("input", cost - cached), ("cached", cached)) if part[1]),
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
                parts = await database.read(partial(facet_store.parts_of, from_day=first, until_day=last))
                by_part = Counter[tuple[str, str]]()
                for one in inside:
                    for part, grains in one.cost_parts:
                        by_part[one.plan, part] += grains
                assert parts == dict(by_part)

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
