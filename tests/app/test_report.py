"""The profit and loss on both databases: totals of everything, and of customers those that matter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TypeVar, get_args

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, event
from tests.db.opened import Place

from solvent.app.report import PAGED_CUSTOMERS, Order, Report, Shown, Span, report
from solvent.app.report_body import report_body
from solvent.billing import plan_store
from solvent.billing.included import Included
from solvent.billing.plan import Plan
from solvent.billing.subscription import SubscriptionId, begun, waiting
from solvent.billing.subscription_store import put
from solvent.db.port import Database
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.earned_store import add_earned
from solvent.margin.facet import FREE, Facet
from solvent.margin.line import GroupBy, MarginKey, MarginSums
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.money import Money, money

T = TypeVar("T")
TODAY = 20_500
SPAN = Span(TODAY - 29, TODAY)
PLANS = (
    Plan(name="free", price=Money(0, "KRW"), included=(Included(unit="answers", amount=100),)),
    Plan(name="pro", price=money("11000", "KRW")),
)


def some_books(connection: Connection, people: int, random: Random) -> None:
    """Customers with answers on some days; whoever pays earns something every day."""
    for sold in PLANS:
        plan_store.publish(connection, sold, "file", 0)
    for n in range(people):
        id, plan = CustomerId(f"cus_{n:03d}"), "free" if n % 3 else "pro"
        add_customer(connection, Customer(id, f"이름 {n}", plan, n))
        days = [TODAY - random.randrange(40) for _ in range(3)]
        margin_store.add(
            connection,
            [
                (
                    MarginKey(day, id, plan, random.choice(["quick", "expert"])),
                    MarginSums(answers=2, charge_grains=random.randrange(90), cost_grains=random.randrange(90)),
                )
                for day in days
            ],
        )
        if plan == "pro":
            add_earned(connection, [(TODAY - day, id, plan, random.randrange(40)) for day in range(35)])


async def asked(database: Database, shown: Shown, span: Span = SPAN) -> Report:
    return await report(shown, span, "KRW", database)


def test_every_group_has_the_same_total_and_rows_that_sum_to_it(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(partial(some_books, people=20, random=Random(1)))
            totals = []
            for group_by in set(get_args(GroupBy)) - {"key"}:  # keys are of some customers
                made = await asked(database, Shown(group_by))
                sums = MarginSums()
                for line in made.lines:
                    sums.add(line.sums)
                assert sums == made.total.sums
                assert made.total.earned.grains > 0
                totals.append(made.total)
                assert (made.customers is None) == (group_by != "customer")
            assert totals == totals[:1] * len(totals)
            by_model = report_body(await asked(database, Shown("model")))
            assert [row.name for row in by_model.rows] == ["", "expert", "quick"]
            assert [row.earned for row in by_model.rows] == [by_model.total.earned, "0", "0"]

    asyncio.run(live())


def test_the_keys_of_all_customers_come_in_pages_each_key_on_one(place: Place) -> None:
    """However many customers there are; a page has whole customers, and no more lines than it may."""

    def some_keys(connection: Connection) -> None:
        for n in range(2 * PAGED_CUSTOMERS + 7):
            id, sums = f"cus_{n:03d}", MarginSums(answers=1, charge_grains=n % 9, cost_grains=4)
            keys = [f"key_{n}_{k}" for k in range(1 + n % 3)]
            margin_store.add(connection, [(MarginKey(TODAY, id, "pro", "quick"), sums)] * len(keys))
            facet_store.add(connection, [Facet(TODAY, id, key, "chat", sums) for key in keys])

    async def live() -> None:
        async with place.opened() as database:
            await database.write(some_keys)
            for limit in (1_000, 40):
                found, page, pages = dict[str, str](), "", 0
                while pages == 0 or page:
                    made = await asked(database, Shown("key", limit, page=page))
                    assert len(made.lines) <= limit
                    assert not found.keys() & made.owners.keys()
                    assert not set(found.values()) & set(made.owners.values()), "a customer's keys are on one page"
                    found |= made.owners
                    page, pages = made.next_page, pages + 1
                assert len(found) == sum(1 + n % 3 for n in range(2 * PAGED_CUSTOMERS + 7))
                assert pages > 2
            assert len((await asked(database, Shown("key", 1_000, page=None))).lines) == len(found)
            for wrong in ("x", "1", ":cus", "1:", "99999999999999999999:c", "٣:c"):
                with pytest.raises(Invalid, match="page:"):
                    await asked(database, Shown("key", page=wrong))

    asyncio.run(live())


@pytest.mark.parametrize("order", get_args(Order))
def test_of_customers_those_with_the_least_or_the_most_margin_are_shown(place: Place, order: Order) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(partial(some_books, people=30, random=Random(2)))
            everybody = await asked(database, Shown("customer", limit=1_000, order=order))
            margins = [line.margin.grains for line in everybody.lines]
            assert margins == sorted(margins, reverse=order == "earners")
            assert everybody.customers == len(margins) > 20
            some = await asked(database, Shown("customer", limit=3, order=order))
            assert some.lines == everybody.lines[:3]
            assert (some.customers, some.total, some.plans) == (everybody.customers, everybody.total, everybody.plans)
            assert some.names == {line.name: f"이름 {int(line.name[4:])}" for line in some.lines}
            body = report_body(some)
            assert (body.customers, len(body.rows)) == (everybody.customers, 3)
            assert [row.display_name for row in body.rows] == [some.names[line.name] for line in some.lines]

    asyncio.run(live())


def test_whoever_pays_shares_what_the_free_cost(place: Place) -> None:
    def books(connection: Connection) -> None:
        for sold in PLANS:
            plan_store.publish(connection, sold, "file", 0)
        for n, sold in enumerate((PLANS[1], PLANS[1], PLANS[0])):
            id = CustomerId(f"cus_{n}")
            add_customer(connection, Customer(id, sold.name, sold.name, n))
            asked = waiting(SubscriptionId(f"sub_{n}"), id, replace(sold, version=1), 1, None, "card", "UTC", n)
            put(connection, [begun(asked, sold, n, with_trial=False)])
        was_free = replace(PLANS[0], price=money("5500", "KRW"))  # who is on it pays nothing all the same
        plan_store.publish(connection, was_free, "file", 1)
        sums = MarginSums(answers=1, cost_grains=90)
        margin_store.add(connection, [(MarginKey(TODAY, "cus_2", "free", "m"), sums)])
        facet_store.add_parts(connection, [(TODAY, "free", FREE, 90)])
        add_earned(connection, [(TODAY, "cus_0", "pro", 10**9)])

    async def live() -> None:
        async with place.opened() as database:
            await database.write(books)
            was_free, pro = (await asked(database, Shown())).plans
            assert (was_free.plan, was_free.free_subsidy.grains) == ("free", 45)
            assert (pro.plan, pro.free_subsidy.grains, pro.answers_month) == ("pro", 45, None)

    asyncio.run(live())


def test_a_customer_whose_name_is_gone_is_shown_by_id(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: add_earned(c, [(TODAY, "cus_x", "pro", 5)]))
            made = await asked(database, Shown("customer"))
            assert ([line.name for line in made.lines], made.names, made.customers) == (["cus_x"], {}, 1)

    asyncio.run(live())


class Counted:
    """A database that remembers what was read of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.statements: list[str] = []

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""

        def counting(connection: Connection) -> T:
            def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
                self.statements.append(statement)

            event.listen(connection, "before_cursor_execute", note)
            return work(connection)

        return await self.database.read(counting)


def test_no_more_is_asked_of_many_customers_than_of_few(place: Place) -> None:
    """A report of every customer once read all of their names, each time."""

    async def live() -> None:
        async with place.opened() as database:
            await database.write(partial(some_books, people=12, random=Random(3)))
            counted = Counted(database)
            await report(Shown("customer", limit=2), SPAN, "KRW", counted)  # type: ignore[arg-type]
            about_customers = [one for one in counted.statements if "FROM customers" in one]
            assert len(about_customers) == 2
            assert all("GROUP BY" in one or " IN (" in one for one in about_customers), about_customers

    asyncio.run(live())


def test_a_plan_that_was_published_anew_breaks_even_at_its_new_price(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(partial(some_books, people=9, random=Random(5)))
            before = {one.plan: one.net_price for one in (await asked(database, Shown("plan"))).plans}
            dearer = Plan(name="pro", price=money("22000", "KRW"))
            await database.write(lambda connection: plan_store.publish(connection, dearer, "api", 9))
            after = {one.plan: one.net_price for one in (await asked(database, Shown("plan"))).plans}
            assert after["pro"].grains > before["pro"].grains

    asyncio.run(live())
