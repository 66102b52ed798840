"""Customers are renamed, suspended, let in again, and closed for good."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place
from tests.office.acts import NOW_US, SECRETS, act, callers_mark, on_sale, opened_customer, opening

from solvent.audit.store import changes_between
from solvent.billing import pack_store
from solvent.billing.pack import Purchase
from solvent.billing.subscription_store import history
from solvent.identity import store as identity_store
from solvent.identity.key import NewKey
from solvent.ledger.pot_store import pots_of
from solvent.office.change_customer import CustomerChange, change_customer
from solvent.office.issue_key import issue_key
from solvent.office.open_customer import open_customer
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import CustomerId

SUSPENDED, ACTIVE, CLOSED = (CustomerChange(state=state) for state in ("suspended", "active", "closed"))


def test_a_suspended_customers_key_is_known_and_says_so(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            before = await callers_mark(database)
            for change, state in ((SUSPENDED, "suspended"), (ACTIVE, "active")):
                changed, is_new = await change_customer(kim.customer.id, change, act(state), database)
                assert (changed.state, changed.name, is_new) == (state, "Kim", True)
                (caller,) = (await database.read(identity_store.callers)).values()
                assert caller.customer == changed
            assert await callers_mark(database) == before + 2

    asyncio.run(live())


def test_closing_revokes_every_key_and_is_for_good(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            await issue_key(NewKey("customer", kim.customer.id, SECRETS[1], 5), act("k"), database)
            other = await opened_customer(database, 2, "Lee")
            closed, _ = await change_customer(kim.customer.id, CLOSED, act("close"), database)
            assert closed.state == "closed"
            callers = await database.read(identity_store.callers)
            assert [caller.customer for caller in callers.values()] == [other.customer]
            for change in (ACTIVE, SUSPENDED, CustomerChange(name="New")):
                with pytest.raises(Conflict) as caught:
                    await change_customer(kim.customer.id, change, act(f"{change}"), database)
                assert caught.value.code == "customer_closed"
            again, _ = await change_customer(kim.customer.id, CLOSED, act("again"), database)
            assert again == closed

    asyncio.run(live())


def test_closing_ends_the_plan_and_what_waits_to_be_paid(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            for n, pays in enumerate(("invoice", "card")):
                made, _ = await open_customer(opening(n, plan="plus", pays=pays), act(f"o{n}"), database, n)
                pack = Purchase(
                    id=f"pack_{n}", customer=made.customer.id, plan="plus", version=1, pack="boost", state="waiting",
                    account="", invoice="", asked_us=NOW_US, expires_us=NOW_US + 1,
                )  # fmt: skip
                await database.write(partial(pack_store.put, purchase=pack))
                closed, _ = await change_customer(made.customer.id, CLOSED, act(f"c{n}"), database)
                assert (await database.read(partial(pack_store.by_id, id=pack.id))).state == "canceled"
                assert (closed.state, closed.plan) == ("closed", "")
                states = await database.read(partial(states_of, customer=made.customer.id))
                assert states == ["canceled"]
                left = await database.read(partial(pots_of, customer=made.customer.id, at_us=NOW_US + 1))
                assert [pot.kind for pot in left] == ["wallet"]

    asyncio.run(live())


def states_of(connection: Connection, customer: CustomerId) -> list[str]:
    return [one.state for one in history(connection, customer)]


def test_a_new_name_is_clean_and_recorded(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            changed, _ = await change_customer(
                kim.customer.id, CustomerChange(name=" 김  철수 "), act("n", at_us=NOW_US + 5), database
            )
            assert (changed.name, changed.state) == ("김 철수", "active")
            newest = (await database.read(lambda c: changes_between(c, 0, NOW_US * 2, subject=kim.customer.id)))[0]
            assert newest.action == "customer.rename"
            with pytest.raises(Invalid):
                await change_customer(kim.customer.id, CustomerChange(name=" "), act("m"), database)

    asyncio.run(live())


def test_nobody_is_not_changed(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            with pytest.raises(NotFound):
                await change_customer(CustomerId("cus_nobody"), SUSPENDED, act("a"), database)

    asyncio.run(live())
