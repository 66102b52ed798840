"""A revoked key opens nothing; the last owner's key stays."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US, SECRETS, act, callers_mark, opened_customer

from solvent.db.group_commit import GroupCommit
from solvent.identity import store as identity_store
from solvent.identity.caller import Role
from solvent.identity.key import Key, NewKey
from solvent.office.issue_key import issue_key
from solvent.office.revoke_key import revoke_key
from solvent.values.errors import Conflict, NotFound
from solvent.values.instant import NEVER_US


async def operator(database: GroupCommit, n: int, role: Role = "owner", expires_us: int = NEVER_US) -> Key:
    key, _ = await issue_key(NewKey(role, None, SECRETS[n], n, "", expires_us), act(f"issue {n}"), database)
    return key


def test_a_revoked_key_is_no_caller_any_more(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            before = await callers_mark(database)
            key, is_new = await revoke_key(kim.key.id, act("r", at_us=NOW_US + 5), database, of_operators=False)
            assert (key.revoked_us, is_new) == (NOW_US + 5, True)
            assert await database.read(identity_store.callers) == {}
            assert await callers_mark(database) == before + 1
            again, is_new = await revoke_key(kim.key.id, act("r"), database, of_operators=False)
            assert (again, is_new) == (key, False)
            later, _ = await revoke_key(kim.key.id, act("s", at_us=NOW_US + 9), database, of_operators=False)
            assert later.revoked_us == NOW_US + 5, "the first time counts"

    asyncio.run(live())


def test_a_customers_key_and_an_operators_are_not_mistaken(place: Place) -> None:
    """Who may revoke customers' keys must not get at operators' by asking the other way."""

    async def live() -> None:
        async with place.opened() as database:
            kim, owner = await opened_customer(database), await operator(database, 1)
            for id, of_operators in ((kim.key.id, True), (owner.id, False)):
                with pytest.raises(NotFound) as caught:
                    await revoke_key(id, act("r"), database, of_operators=of_operators)
                assert caught.value.code == "no_such_key"
            assert len(await database.read(identity_store.callers)) == 2

    asyncio.run(live())


def test_the_last_owner_cannot_be_shut_out(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            first = await operator(database, 1)
            await operator(database, 2, "finance")
            expiring = await operator(database, 3, "owner", NOW_US + 100)
            after = NOW_US + 100
            with pytest.raises(Conflict) as caught:
                await revoke_key(first.id, act("a", at_us=after), database, of_operators=True)
            assert caught.value.code == "last_owner"
            await revoke_key(first.id, act("b"), database, of_operators=True)  # while the other is good
            with pytest.raises(Conflict):
                await revoke_key(expiring.id, act("c"), database, of_operators=True)

    asyncio.run(live())
