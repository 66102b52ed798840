"""What days and models of bills come to, summed by either database, is what their lines come to one by one."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

from tests.db.opened import Place

from solvent.db.port import Connection
from solvent.reconciling.bill import Bill, BillLine, Booked
from solvent.reconciling.kind import KINDS
from solvent.reconciling.residual import Limit, over, residual_lines, rings
from solvent.reconciling.store import add_bill, costs_of_bill, lines_of_bill, sums_of_bills

DAY = 20_758
NAMES = ("gpt-4o", "claude", "something else", "")


def some_bill(random: Random, number: int) -> tuple[Bill, list[BillLine], list[Booked]]:
    lines = {
        (day, kind, named): BillLine(
            day, kind, named, random.choice([named, "", "gpt-4o"]), "1", "", random.randrange(-50, 10**12), 1
        )
        for day, kind, named in (
            (DAY + random.randrange(4), random.choice(KINDS), random.choice(NAMES)) for _ in range(random.randrange(14))
        )
    }
    costs = {
        (day, model): Booked(day, model, "sold", random.randrange(10**12), 1)
        for day, model in ((DAY + random.randrange(4), random.choice(NAMES)) for _ in range(random.randrange(9)))
    }
    billed = sum(one.grains for one in lines.values() if one.kind == "usage")
    bill = Bill(
        f"bill_{number}", number, "openai", DAY, DAY + 4, "UTC", "mapped", "f.csv", str(number), "USD", "KRW", "", 9, 0,
        billed, sum(one.grains for one in costs.values()), 0,
    )  # fmt: skip
    return bill, list(lines.values()), list(costs.values())


def test_days_and_models_of_bills_are_summed_as_their_lines_are(place: Place) -> None:
    random = Random(7)
    made = [some_bill(random, number) for number in range(30)]

    def work(connection: Connection) -> None:
        for bill, lines, costs in made:
            add_bill(connection, bill, lines, costs, ())

    def look(connection: Connection) -> None:
        ids = [bill.id for bill, _, _ in made]
        found = sums_of_bills(connection, ids)
        for bill, _, _ in made:
            lines, costs = lines_of_bill(connection, bill.id), costs_of_bill(connection, bill.id)
            parts = [one for by in ("day", "model") for one in residual_lines(lines, costs, by)]
            assert Counter(found[bill.id]) == Counter((one.billed_grains, one.booked_grains) for one in parts)
            for permille in (0, 5, 400, 1000):
                limit = Limit(permille, random.choice([0, 10**11]))
                whole = (bill.billed_grains, bill.booked_grains)
                assert rings(whole, found[bill.id], limit) == over(lines, costs, limit)[1]
        assert sums_of_bills(connection, []) == {}

    async def live() -> None:
        async with place.opened() as database:
            await database.write(work)
            await database.read(look)

    asyncio.run(live())
