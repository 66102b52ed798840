"""What a key may do is changed once, on record, and only while it is good for anything."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US, SECRETS, act, callers_mark, opened_customer

from solvent.audit.store import changes_between
from solvent.identity import store as identity_store
from solvent.identity.caller import digest
from solvent.identity.key import NewKey
from solvent.office.change_key import KeyChange, change_key
from solvent.office.issue_key import issue_key
from solvent.office.revoke_key import revoke_key
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import KeyId


def test_a_key_is_limited_and_freed_again(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            before = await callers_mark(database)
            key, is_new = await change_key(kim.key.id, KeyChange(["a", "b", "a"]), act("k"), database)
            assert (key.models, is_new, key.hint) == (("a", "b"), True, kim.key.hint)
            assert await callers_mark(database) == before + 1
            again, is_new = await change_key(kim.key.id, KeyChange(["a", "b", "a"]), act("k"), database)
            assert (again, is_new) == (key, False)
            unchanged, _ = await change_key(kim.key.id, KeyChange(), act("l"), database)
            assert unchanged.models == ("a", "b")
            callers = await database.read(identity_store.callers)
            assert callers[digest(SECRETS[0].encode())].models == {"a", "b"}
            changed, _ = await change_key(
                kim.key.id, KeyChange(uses=["chat"], user_header="X-User "), act("n"), database
            )
            assert (changed.models, changed.uses, changed.user_header) == (("a", "b"), ("chat",), "x-user")
            freed, _ = await change_key(kim.key.id, KeyChange([]), act("m"), database)
            assert freed.models == ()
            done = await database.read(lambda c: changes_between(c, 0, NOW_US * 2, subject=kim.key.id))
            assert {change.action for change in done} == {"key.change"}

    asyncio.run(live())


def test_what_cannot_be_changed_stays_as_it_is(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            kim = await opened_customer(database)
            owner, _ = await issue_key(NewKey("owner", None, SECRETS[1], 5), act("owner"), database)
            for id in (owner.id, KeyId("key_nobody")):
                with pytest.raises(NotFound):
                    await change_key(id, KeyChange(["a"]), act("a"), database)
            with pytest.raises(Invalid):
                await change_key(kim.key.id, KeyChange(["a", ""]), act("b"), database)
            with pytest.raises(Invalid):
                await change_key(kim.key.id, KeyChange(uses=["all"]), act("u"), database)  # type: ignore[list-item]
            with pytest.raises(Invalid):
                await change_key(kim.key.id, KeyChange(user_header="Cookie"), act("h"), database)
            await revoke_key(kim.key.id, act("revoke"), database, of_operators=False)
            with pytest.raises(Conflict) as caught:
                await change_key(kim.key.id, KeyChange([]), act("c"), database)
            assert caught.value.code == "key_not_good"
            assert list(await database.read(identity_store.callers)) == [digest(SECRETS[1].encode())]

    asyncio.run(live())
