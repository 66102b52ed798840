"""A key's new secret is good at once, the one before for a while, and never longer than was said last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US, SECRETS, act, callers_mark, opened_customer

from solvent.audit.store import changes_between
from solvent.db.group_commit import GroupCommit
from solvent.identity import store as identity_store
from solvent.identity.caller import Callers, caller_of
from solvent.identity.key import Key, NewKey
from solvent.office.change_customer import CustomerChange, change_customer
from solvent.office.issue_key import issue_key
from solvent.office.revoke_key import revoke_key
from solvent.office.rotate_key import Rotation, rotate_key
from solvent.values.errors import Conflict, NotFound, Unauthenticated
from solvent.values.ids import KeyId

HOUR = 3_600_000_000


def told(place: Place, tell: Callable[[GroupCommit, Key], Awaitable[None]]) -> None:
    """Tell a story of one customer's first key, whose secret is SECRETS[0]."""

    async def live() -> None:
        async with place.opened() as database:
            await tell(database, (await opened_customer(database)).key)

    asyncio.run(live())


async def rotated(database: GroupCommit, key: Key, n: int, hours: int, at_us: int = NOW_US) -> Key:
    """The key with SECRETS[n]."""
    rotation = Rotation(key.id, SECRETS[n], hours * HOUR)
    made, is_new = await rotate_key(rotation, act(f"rotate {n}", at_us=at_us), database, of_operators=False)
    assert is_new
    return made.key


async def callers(database: GroupCommit) -> Callers:
    return await database.read(identity_store.callers)


async def good_at(database: GroupCommit, at_us: int) -> list[int]:
    """Which of the secrets open the door at an instant."""
    known, good = await callers(database), list[int]()
    for n, secret in enumerate(SECRETS):
        try:
            caller_of(secret.encode(), known, at_us)
            good.append(n)
        except Unauthenticated:
            pass
    return good


def test_both_secrets_are_the_same_caller_until_the_overlap_ends(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        before = await callers_mark(database)
        new = await rotated(database, key, 1, 24)
        assert (new.id, new.hint, new.created_us) == (key.id, SECRETS[1][-4:], key.created_us)
        assert await callers_mark(database) == before + 1
        assert new == await database.read(lambda c: identity_store.known_key(c, key.id, of_operators=False))
        known = (await callers(database)).values()
        assert {(caller.key, caller.customer and caller.customer.id) for caller in known} == {(key.id, key.customer)}
        assert await good_at(database, NOW_US) == [0, 1]
        assert await good_at(database, NOW_US + 24 * HOUR - 1) == [0, 1]
        assert await good_at(database, NOW_US + 24 * HOUR) == [1]

    told(place, tell)


def test_without_an_overlap_the_secret_before_ends_at_once(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        await rotated(database, key, 1, 0)
        assert await good_at(database, NOW_US) == [1]

    told(place, tell)


def test_no_older_secret_outlives_the_latest_word(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        await rotated(database, key, 1, 24)
        await rotated(database, key, 2, 48)
        assert await good_at(database, NOW_US + 23 * HOUR) == [0, 1, 2]
        assert await good_at(database, NOW_US + 25 * HOUR) == [1, 2], "what was said of the first is not prolonged"
        await rotated(database, key, 3, 1)
        assert await good_at(database, NOW_US) == [0, 1, 2, 3]
        assert await good_at(database, NOW_US + HOUR) == [3]
        await rotated(database, key, 4, 0)
        assert await good_at(database, NOW_US) == [4], "a leak is closed, whichever secret leaked"

    told(place, tell)


def test_a_repetition_makes_no_other_secret(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        rotation = Rotation(key.id, SECRETS[1], HOUR)
        first, _ = await rotate_key(rotation, act("k"), database, of_operators=False)
        again, is_new = await rotate_key(Rotation(key.id, SECRETS[2], HOUR), act("k"), database, of_operators=False)
        assert (again, is_new) == (first, False)
        assert await good_at(database, NOW_US) == [0, 1]
        assert SECRETS[1] not in repr(rotation)
        (change,) = await database.read(lambda c: changes_between(c, 0, NOW_US * 2, subject=key.id))
        assert change.action == "key.rotate"
        assert SECRETS[1].encode() not in change.result

    told(place, tell)


def test_revoking_a_key_and_closing_its_customer_end_every_secret(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        other, _ = await issue_key(NewKey("customer", key.customer, SECRETS[5], 5), act("other"), database)
        for one, n in ((key, 1), (other, 6)):
            await rotated(database, one, n, 24)
        assert await good_at(database, NOW_US) == [0, 1, 5, 6]
        await revoke_key(key.id, act("revoke"), database, of_operators=False)
        assert await good_at(database, NOW_US) == [5, 6]
        assert key.customer is not None
        await change_customer(key.customer, CustomerChange(state="closed"), act("close"), database)
        assert await callers(database) == {}
        with pytest.raises(Conflict) as caught:
            await rotated(database, key, 2, 24)
        assert caught.value.code == "key_not_good"

    told(place, tell)


def test_no_secret_outlives_its_key(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        new = NewKey("customer", key.customer, SECRETS[5], 5, "", NOW_US + HOUR)
        short, _ = await issue_key(new, act("short"), database)
        rotation = Rotation(short.id, SECRETS[6], 24 * HOUR)
        made, _ = await rotate_key(rotation, act("k"), database, of_operators=False)
        assert made.former_until_us == NOW_US + HOUR
        assert await good_at(database, NOW_US + HOUR) == [0]
        with pytest.raises(Conflict) as caught:
            await rotated(database, short, 7, 24, NOW_US + HOUR)
        assert caught.value.code == "key_not_good"

    told(place, tell)


def test_a_key_is_rotated_only_by_the_way_that_is_for_its_kind(place: Place) -> None:
    async def tell(database: GroupCommit, key: Key) -> None:
        owner, _ = await issue_key(NewKey("owner", None, SECRETS[5], 5), act("owner"), database)
        for id, of_operators in ((key.id, True), (owner.id, False), (KeyId("key_nobody"), False)):
            with pytest.raises(NotFound):
                await rotate_key(Rotation(id, SECRETS[6], 0), act("a"), database, of_operators=of_operators)
        await rotate_key(Rotation(owner.id, SECRETS[6], 0), act("b"), database, of_operators=True)
        assert await good_at(database, NOW_US) == [0, 6]

    told(place, tell)
