"""Where a plan's customers stand, on both databases: this month's sums of those who are on it now."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection
from tests.app.test_report import PLANS, TODAY
from tests.db.opened import Place

from solvent.app.report import Span
from solvent.app.stands import stands_of
from solvent.billing import plan_store
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer, change_customer
from solvent.margin import store as margin_store
from solvent.margin.line import MarginKey, MarginSums
from solvent.values.ids import CustomerId

MONTH, LATELY = Span(TODAY - 9, TODAY), Span(TODAY - 29, TODAY)


def some_books(connection: Connection) -> None:
    for sold in PLANS:
        plan_store.publish(connection, sold, "file", 0)
    for n in range(620):  # more than are asked for at once
        id = CustomerId(f"cus_{n:03d}")
        add_customer(connection, Customer(id, f"{n}", "free" if n == 7 else "pro", n))
        if n < 10:
            lines = [
                (MarginKey(day, id, "pro", "m"), MarginSums(answers=1, cost_grains=100 * n))
                for day in (TODAY - 12, TODAY - 3, TODAY)
            ]
            margin_store.add(connection, lines)
    change_customer(connection, CustomerId("cus_008"), state="closed")


def test_they_are_this_months_sums_of_whoever_is_on_the_plan(place: Place) -> None:
    def story(connection: Connection) -> None:
        some_books(connection)
        found = stands_of(connection, "pro", MONTH, LATELY, "KRW")
        assert found is not None
        people = {one.customer: (one.answers, one.cost_grains) for one in found.line.people}
        assert people == {f"cus_{n:03d}": (2, 200 * n) for n in range(10) if n not in (7, 8)}
        assert (found.line.quiet, found.others) == (610, 1)
        assert found.even.plan == "pro"
        assert stands_of(connection, "free", MONTH, LATELY, "KRW") is None
        assert stands_of(connection, "nobody", MONTH, LATELY, "KRW") is None

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)

    asyncio.run(live())
