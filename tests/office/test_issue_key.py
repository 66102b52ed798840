"""Keys are issued to customers and operators, and recorded without their secret."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US, SECRETS, act, callers_mark, opened_customer

from solvent.audit.store import changes_between
from solvent.identity import store as identity_store
from solvent.identity.caller import digest
from solvent.identity.key import NewKey
from solvent.office.change_customer import CustomerChange, change_customer
from solvent.office.issue_key import issue_key
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import CustomerId


def test_a_second_key_opens_the_same_wallet(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            before = await callers_mark(database)
            new = NewKey("customer", kim.customer.id, SECRETS[1], 5, "phone", NOW_US + 10)
            key, is_new = await issue_key(new, act("k"), database)
            assert (key.name, key.hint, key.expires_us, is_new) == ("phone", SECRETS[1][-4:], NOW_US + 10, True)
            callers = await database.read(identity_store.callers)
            assert {caller.customer for caller in callers.values()} == {kim.customer}
            assert callers[digest(SECRETS[1].encode())].expires_us == NOW_US + 10
            assert await callers_mark(database) == before + 1
            again, is_new = await issue_key(new, act("k"), database)
            assert (again, is_new) == (key, False)
            assert await callers_mark(database) == before + 1
            newest = (await database.read(lambda c: changes_between(c, 0, NOW_US * 2, subject=kim.customer.id)))[0]
            assert SECRETS[1].encode() not in newest.result

    asyncio.run(live())


def test_an_operators_key_has_its_role(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await issue_key(NewKey("support", None, SECRETS[1], 5), act("k"), database)
            (caller,) = (await database.read(identity_store.callers)).values()
            assert (caller.role, caller.customer) == ("support", None)

    asyncio.run(live())


def test_nobody_and_the_closed_get_no_key(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            with pytest.raises(NotFound):
                await issue_key(NewKey("customer", CustomerId("cus_nobody"), SECRETS[1], 5), act("a"), database)
            kim = await opened_customer(database)
            await change_customer(kim.customer.id, CustomerChange(state="closed"), act("close"), database)
            with pytest.raises(Conflict) as caught:
                await issue_key(NewKey("customer", kim.customer.id, SECRETS[1], 5), act("b"), database)
            assert caught.value.code == "customer_closed"
            assert await database.read(identity_store.callers) == {}

    asyncio.run(live())


def test_a_key_that_is_over_already_is_not_issued(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            with pytest.raises(Invalid) as caught:
                await issue_key(NewKey("owner", None, SECRETS[1], 5, "", NOW_US), act("a"), database)
            assert caught.value.param == "expires"

    asyncio.run(live())
