"""A customer limits what they spend, and loosens nothing that the plan or the operator says."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US, PLANS, act, opened_customer

from solvent.audit.act import Act
from solvent.billing import budget_store
from solvent.billing.change_plan import change_plan
from solvent.billing.limits import BudgetRule, Limits, Override
from solvent.billing.publish_plans import publish_plans
from solvent.billing.set_budget import set_budget
from solvent.billing.subscription import Wish
from solvent.identity import person_store
from solvent.identity.person import Person
from solvent.office.limit_spending import limit_spending
from solvent.values.errors import Invalid, Refused
from solvent.values.ids import PersonId
from solvent.values.money import money

BOUND = msgspec.structs.replace(
    PLANS[0], name="bound", limits=Limits(budgets=(BudgetRule("customer", "month", "money", 5_000 * 10**7),))
)


def theirs(key: str) -> Act:
    return Act("psn_kim", key, "", NOW_US)


def test_a_limit_is_set_changed_and_taken_away(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = (await opened_customer(database)).customer
            person = Person(PersonId("psn_kim"), "kim@example.com", "Kim", "customer", kim.id, "ko", NOW_US)
            await database.write(lambda connection: person_store.add(connection, person, ""))
            made = await limit_spending(kim, money("3000", "KRW"), 800, theirs("a"), database)
            assert made == Override(f"customer:{kim.id}", "month", "money", 3000 * 10**7, 800, 1)
            assert await limit_spending(kim, money("3000", "KRW"), 800, theirs("a"), database) == made
            await limit_spending(kim, money("9000", "KRW"), 0, theirs("b"), database)
            await limit_spending(kim, None, 800, theirs("c"), database)
            assert await database.read(lambda c: budget_store.overrides_of(c, kim.id)) == ()
            with pytest.raises(Invalid):
                await limit_spending(kim, money("-1", "KRW"), 0, theirs("d"), database)

    asyncio.run(live())


def test_what_an_operator_or_the_plan_says_stays(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = (await opened_customer(database)).customer
            set_by_us = Override(f"customer:{kim.id}", "month", "money", 10**9, 0, 1)
            await set_budget(set_by_us, kim.id, act("ours"), database)
            for amount in (None, money("9000", "KRW"), money("1", "KRW")):
                with pytest.raises(Refused, match="operator"):
                    await limit_spending(kim, amount, 0, theirs(f"a{amount}"), database)
            await set_budget(set_by_us, kim.id, act("away"), database, is_removed=True)
            plans = {plan.name: plan for plan in (*PLANS, BOUND)}
            await publish_plans(plans, frozenset(), (), database, NOW_US)
            await change_plan(Wish(customer=kim.id, plan="bound"), act("plan"), database)
            with pytest.raises(Refused, match="5000"):
                await limit_spending(kim, money("5001", "KRW"), 0, theirs("e"), database)
            await limit_spending(kim, money("5000", "KRW"), 0, theirs("f"), database)

    asyncio.run(live())
