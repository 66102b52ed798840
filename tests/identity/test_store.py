"""Customers and keys as they are kept: found, listed in pages, revoked, and in the snapshot or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.identity import store
from solvent.identity.caller import Customer, Role, digest
from solvent.identity.key import Key, NewKey, issue
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId, KeyId
from solvent.values.instant import NEVER_US

T = TypeVar("T")


def with_books(place: Place, work: Callable[[Connection], T]) -> T:
    """What `work` finds on new books, in one transaction."""

    async def live() -> T:
        async with place.opened() as database:
            return await database.write(work)

    return asyncio.run(live())


def customer(n: int, name: str = "Kim") -> Customer:
    return Customer(CustomerId(f"cus_{n:03}"), name, "plus", n)


def add_key(
    connection: Connection, n: int, role: Role = "owner", of: str | None = None, expires_us: int = NEVER_US
) -> Key:
    new = NewKey(role, None if of is None else CustomerId(of), f"secret {n}", n, "", expires_us)
    key, kept = issue(new, n)
    store.add_key(connection, key, kept)
    return key


def test_pages_of_customers_are_newest_first_and_hold_each_once(place: Place) -> None:
    def work(connection: Connection) -> None:
        for n in range(10):
            store.add_customer(connection, customer(n))
        seen: list[str] = []
        cursor = ""
        while rows := store.customers_page(connection, cursor, 3):
            seen += [row.id for row in rows]
            cursor = rows[-1].id
        assert seen == [f"cus_{n:03}" for n in reversed(range(10))]

    with_books(place, work)


@pytest.mark.parametrize(
    ("search", "found"),
    [("kim", {"Kim", "Kimchi"}), ("김", {"김민수"}), ("cus_002", {"50%_off"}), ("%", {"50%_off"}), ("_o", {"50%_off"}),
     ("\\", set()), ("'; DROP TABLE customers; --", set()), ("us_", set())],
)  # fmt: skip
def test_a_search_looks_for_what_is_written_and_no_pattern(place: Place, search: str, found: set[str]) -> None:
    def work(connection: Connection) -> None:
        for n, name in enumerate(("Kim", "김민수", "50%_off", "Kimchi")):
            store.add_customer(connection, customer(n, name))
        assert {row.name for row in store.customers_page(connection, "", 9, search=search)} == found

    with_books(place, work)


def test_customers_are_listed_by_state(place: Place) -> None:
    def work(connection: Connection) -> None:
        for n in range(3):
            store.add_customer(connection, customer(n))
        store.change_customer(connection, CustomerId("cus_001"), state="suspended", name="Lee")
        (found,) = store.customers_page(connection, "", 9, state="suspended")
        assert (found.id, found.name) == ("cus_001", "Lee")
        assert len(store.customers_page(connection, "", 9, state="active")) == 2

    with_books(place, work)


def test_nobody_and_nothing_is_not_found(place: Place) -> None:
    def work(connection: Connection) -> None:
        with pytest.raises(NotFound) as caught:
            store.known_customer(connection, CustomerId("cus_nobody"))
        assert caught.value.code == "no_such_customer"
        add_key(connection, 1)
        (key,) = store.keys_page(connection, None, "", 9)
        assert store.known_key(connection, key.id, of_operators=True) == key
        with pytest.raises(NotFound):
            store.known_key(connection, key.id, of_operators=False)

    with_books(place, work)


def test_the_snapshot_has_every_key_that_may_call_and_no_other(place: Place) -> None:
    def work(connection: Connection) -> None:
        store.add_customer(connection, customer(1))
        good, gone = (add_key(connection, n, "customer", "cus_001") for n in (1, 2))
        runs = add_key(connection, 3, "finance", None, 50)
        store.revoke_key(connection, gone.id, 9)
        callers = store.callers(connection)
        assert set(callers) == {digest(b"secret 1"), digest(b"secret 3")}
        assert callers[digest(b"secret 1")].customer == customer(1)
        assert callers[digest(b"secret 1")].key == good.id
        finance = callers[digest(b"secret 3")]
        assert (finance.key, finance.role, finance.customer, finance.expires_us) == (runs.id, "finance", None, 50)

    with_books(place, work)


def test_revoking_again_keeps_the_first_time(place: Place) -> None:
    def work(connection: Connection) -> None:
        key = add_key(connection, 1)
        store.revoke_key(connection, key.id, 7)
        store.revoke_key(connection, key.id, 8)
        assert store.known_key(connection, key.id, of_operators=True).revoked_us == 7
        assert store.keys_among(connection, [key.id, "system"])[key.id].revoked_us == 7

    with_books(place, work)


def test_all_keys_of_one_customer_are_revoked_and_nobody_elses(place: Place) -> None:
    def work(connection: Connection) -> None:
        for n in (1, 2):
            store.add_customer(connection, customer(n))
        for n in range(6):
            add_key(connection, n, "customer", f"cus_{n % 2 + 1:03}")
        assert store.revoke_keys_of(connection, CustomerId("cus_001"), 9) == 3
        assert store.revoke_keys_of(connection, CustomerId("cus_001"), 10) == 0
        assert {key.revoked_us for key in store.keys_page(connection, CustomerId("cus_001"), "", 9)} == {9}
        assert {key.revoked_us for key in store.keys_page(connection, CustomerId("cus_002"), "", 9)} == {0}

    with_books(place, work)


def test_owners_that_are_good_are_counted_as_of_an_instant(place: Place) -> None:
    def work(connection: Connection) -> None:
        first, late, gone = (add_key(connection, n, "owner", None, end) for n, end in ((1, NEVER_US), (2, 50), (3, 99)))
        add_key(connection, 4, "finance")
        store.revoke_key(connection, gone.id, 9)
        assert set(store.owners_at(connection, 49)) == {first.id, late.id}
        assert store.owners_at(connection, 50) == [first.id]

    with_books(place, work)


def test_keys_come_in_pages(place: Place) -> None:
    def work(connection: Connection) -> None:
        made = [add_key(connection, n).id for n in range(5)]
        page = store.keys_page(connection, None, "", 2)
        assert [key.id for key in page] == [made[4], made[3]]
        assert [key.id for key in store.keys_page(connection, None, page[-1].id, 9)] == made[2::-1]
        assert store.keys_page(connection, None, KeyId("key_"), 9) == []

    with_books(place, work)


def test_a_keys_models_are_kept_as_they_are_named(place: Place) -> None:
    def work(connection: Connection) -> None:
        store.add_customer(connection, customer(1))
        named = ('a"b', "한글 모델", "c,d", "[]")
        new = NewKey("customer", CustomerId("cus_001"), "secret 1", 1, models=named)
        key, kept = issue(new, 1)
        store.add_key(connection, key, kept)
        assert store.known_key(connection, key.id, of_operators=False) == key
        assert store.keys_page(connection, CustomerId("cus_001"), "", 9) == [key]
        assert store.keys_among(connection, [key.id]) == {key.id: key}
        assert store.callers(connection)[kept].models == frozenset(named)
        changed = msgspec.structs.replace(key, models=(), uses=("chat", "wallet"), user_header="x-user")
        store.change_key(connection, changed)
        assert store.known_key(connection, key.id, of_operators=False) == changed
        caller = store.callers(connection)[kept]
        assert caller.models == frozenset()
        assert (caller.uses, caller.user_header) == (frozenset(("chat", "wallet")), "x-user")

    with_books(place, work)
