"""Publishing plans: versions, what a file may overrule, and losses that must be meant."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Connection
from tests.billing.subscribers import FREE, PLUS, PRO, Books, act, story
from tests.db.opened import Place

from solvent.audit.store import changes_between
from solvent.billing import plan_store, subscription_store
from solvent.billing.included import Included
from solvent.billing.loss import ClassCost
from solvent.billing.plan import Plan
from solvent.billing.publish_plan import publish_plan
from solvent.billing.publish_plans import publish_plans
from solvent.billing.withdraw_plan import withdraw_plan
from solvent.values.errors import Invalid, Refused
from solvent.values.money import money

DEARER = msgspec.structs.replace(PLUS, price=money("12900", "KRW"))
COSTS = (ClassCost("small", answer_grains=40 * 10**7),)  # 40 won an answer


async def on_sale(books: Books) -> dict[str, int]:
    """Names and versions."""
    return {plan.name: plan.version for plan in await books.database.read(plan_store.on_sale)}


async def publish(books: Books, plan: Plan, key: str = "", *, at_a_loss: bool = True) -> tuple[int, bool]:
    """The version, and whether it is new."""
    made, is_new = await publish_plan(plan, COSTS, act(10, key), books.database, at_a_loss=at_a_loss)
    return made.plan.version, is_new


def test_other_terms_are_another_version_and_the_same_terms_are_not(place: Place) -> None:
    async def tell(books: Books) -> None:
        assert await on_sale(books) == {"free": 1, "plus": 1, "pro": 1, "pro-year": 1}
        assert await publish(books, DEARER, "k") == (2, True)
        assert await publish(books, DEARER, "k") == (2, False)
        assert (await publish(books, DEARER))[0] == 2
        assert (await publish(books, PLUS))[0] == 3
        found = await books.database.read(lambda connection: plan_store.versions(connection, "plus"))
        assert [(one.plan.version, one.plan.price, one.source) for one in found] == [
            (3, PLUS.price, "api"), (2, DEARER.price, "api"), (1, PLUS.price, "file"),
        ]  # fmt: skip

    story(place, tell)


def test_a_loss_is_refused_unless_it_is_meant(place: Place) -> None:
    async def tell(books: Books) -> None:
        with pytest.raises(Refused) as caught:
            await publish(books, DEARER, at_a_loss=False)
        assert caught.value.code == "plan_at_a_loss"
        assert "300 answers cost 12000 KRW" in caught.value.message
        assert (await on_sale(books))["plus"] == 1
        made, _ = await publish_plan(DEARER, COSTS, act(10), books.database, at_a_loss=True)
        assert (made.finding.kind, made.plan.version) == ("loss", 2)
        dear = msgspec.structs.replace(PLUS, price=money("29000", "KRW"))
        assert (await publish(books, dear, at_a_loss=False))[0] == 3

    story(place, tell)


def test_what_cannot_be_is_refused_by_its_field(place: Place) -> None:
    async def tell(books: Books) -> None:
        for plan, field in (
            (msgspec.structs.replace(PLUS, price=money("0.5", "KRW")), "plans.plus.price"),
            (msgspec.structs.replace(PLUS, afterwards="gone"), "plans.plus.afterwards"),
            (msgspec.structs.replace(PLUS, afterwards="pro"), "plans.plus.afterwards"),
            (
                msgspec.structs.replace(PLUS, included=(Included("answers", 9, ("smal",)),)),
                "plans.plus.included.0.classes",
            ),
            (
                msgspec.structs.replace(PLUS, at_break_even="cheaper", cheaper_class="tiny"),
                "plans.plus.cheaper_class",
            ),
        ):
            with pytest.raises(Invalid) as caught:
                await publish(books, plan)
            assert (caught.value.code, caught.value.param) == ("bad_plan", field)
        assert (await on_sale(books))["plus"] == 1

    story(place, tell)


def test_a_plan_is_taken_off_sale_and_put_back(place: Place) -> None:
    async def tell(books: Books) -> None:
        assert await withdraw_plan("plus", act(10, "k"), books.database) == ("plus", True)
        assert await withdraw_plan("plus", act(10, "k"), books.database) == ("plus", False)
        assert "plus" not in await on_sale(books)
        with pytest.raises(Invalid):
            await withdraw_plan("plus", act(11), books.database)
        assert (await publish(books, PLUS))[0] == 1
        assert (await on_sale(books))["plus"] == 1

    story(place, tell)


def test_a_file_speaks_when_it_changes_and_not_at_every_start(place: Place) -> None:
    plans = {plan.name: plan for plan in (FREE, PLUS, PRO)}

    async def tell(books: Books) -> None:
        async def start(changed: dict[str, Plan], now_us: int) -> set[str]:
            found = await publish_plans(changed, changed.keys(), COSTS, books.database, now_us)
            return set(found)

        assert await start(plans, 20) == set()
        assert await on_sale(books) == {"free": 1, "plus": 1, "pro": 1}, "what is gone from the file is off sale"
        await publish(books, DEARER)
        assert await start(plans, 21) == set()
        assert (await on_sale(books))["plus"] == 2, "the API was later than the file"
        changed = plans | {"plus": msgspec.structs.replace(PLUS, grace_days=7)}
        assert await start(changed, 22) == {"plus"}
        assert (await on_sale(books))["plus"] == 3

        def actions(connection: Connection) -> list[str]:
            return [change.action for change in changes_between(connection, 20, 23, actor="system")]

        assert await books.database.read(actions) == ["plan.publish", "plan.withdraw"]

    story(place, tell)


def test_a_file_with_one_bad_plan_publishes_none(place: Place) -> None:
    async def tell(books: Books) -> None:
        plans = {"plus": DEARER, "new": Plan(name="new", price=money("5000", "KRW"), afterwards="gone")}
        with pytest.raises(Invalid):
            await publish_plans(plans, plans.keys(), COSTS, books.database, 20)
        with pytest.raises(Refused):
            await publish_plans({"plus": DEARER}, frozenset(), COSTS, books.database, 20)
        assert await on_sale(books) == {"free": 1, "plus": 1, "pro": 1, "pro-year": 1}

    story(place, tell)


def test_who_is_on_which_version_is_counted(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", 10)
        assert await books.database.read(subscription_store.count_on) == {("plus", 1): 1}
        assert await books.database.read(plan_store.moves) == {}

    story(place, tell)
