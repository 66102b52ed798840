"""Grants: given once for each key, however often and however much at once they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.db.opened import opened

from solvent.billing.grant import GRANT_UNITS_MAX, grant
from solvent.db.group_commit import GroupCommit
from solvent.ledger import store
from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import Money, money

A, B = CustomerId("cus_a"), CustomerId("cus_b")
TEN = money("10", "KRW")


def story(tmp_path: Path, tell: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def run() -> None:
        async with opened(tmp_path) as database:
            await tell(database)
            assert await database.read(store.balances_of) == await database.read(store.balances_rebuilt)

    asyncio.run(run())


async def balance(database: GroupCommit, account: str, currency: str = "KRW") -> int:
    moved = (await database.read(store.balances_of)).get((account, currency))
    return moved.credits - moved.debits if moved else 0


def test_a_grant_is_given_once_for_each_key(tmp_path: Path) -> None:
    async def tell(database: GroupCommit) -> None:
        assert [await grant(A, TEN, "k", database, n) for n in range(3)] == [True, False, False]
        assert await grant(A, TEN, "other", database, 4)
        assert await grant(B, TEN, "k", database, 5)  # another customer's key is another key
        assert await balance(database, wallet(A)) == 2 * TEN.grains
        assert await balance(database, wallet(B)) == TEN.grains
        assert await balance(database, CUSTOMER_GRANTS) == -3 * TEN.grains

    story(tmp_path, tell)


def test_a_grant_asked_for_many_times_at_once_is_given_once(tmp_path: Path) -> None:
    async def tell(database: GroupCommit) -> None:
        given = await asyncio.gather(*(grant(A, TEN, "k", database, n) for n in range(40)))
        assert given.count(True) == 1
        assert await balance(database, wallet(A)) == TEN.grains

    story(tmp_path, tell)


def test_it_is_remembered_when_the_service_is_started_again(tmp_path: Path) -> None:
    async def first(database: GroupCommit) -> None:
        assert await grant(A, TEN, "k", database, 1)

    async def second(database: GroupCommit) -> None:
        assert not await grant(A, TEN, "k", database, 2)

    story(tmp_path, first)
    story(tmp_path, second)


@pytest.mark.parametrize("other", [money("11", "KRW"), Money(TEN.grains, "USD"), money("0.0000001", "KRW")])
def test_another_amount_under_the_same_key_is_a_conflict_and_gives_nothing(tmp_path: Path, other: Money) -> None:
    async def tell(database: GroupCommit) -> None:
        await grant(A, TEN, "k", database, 1)
        with pytest.raises(Conflict) as caught:
            await grant(A, other, "k", database, 2)
        assert caught.value.code == "idempotency_key_conflict"
        assert await balance(database, wallet(A)) == TEN.grains
        assert await balance(database, wallet(A), "USD") == 0

    story(tmp_path, tell)


MOST = money(GRANT_UNITS_MAX, "KRW")


@pytest.mark.parametrize("grains", [0, -1, MOST.grains + 1, 10**30])
def test_nothing_less_than_nothing_and_too_much_are_refused(tmp_path: Path, grains: int) -> None:
    async def tell(database: GroupCommit) -> None:
        with pytest.raises(Invalid) as caught:
            await grant(A, Money(grains, "KRW"), "k", database, 1)
        assert (caught.value.code, caught.value.param) == ("bad_amount", "amount")
        assert await database.read(store.balances_of) == {}

    story(tmp_path, tell)


def test_the_smallest_and_the_largest_are_given(tmp_path: Path) -> None:
    async def tell(database: GroupCommit) -> None:
        assert await grant(A, Money(1, "KRW"), "least", database, 1)
        assert await grant(A, MOST, "most", database, 1)
        assert await balance(database, wallet(A)) == MOST.grains + 1

    story(tmp_path, tell)


@pytest.mark.parametrize("key", ["", "a" * 10_000, "한글", "'; --", "%", "_", "\x00", "k/../k"])
def test_any_text_is_a_key_of_its_own(tmp_path: Path, key: str) -> None:
    async def tell(database: GroupCommit) -> None:
        assert await grant(A, TEN, "k", database, 1)
        assert await grant(A, TEN, key, database, 1)
        assert not await grant(A, TEN, key, database, 1)

    story(tmp_path, tell)


def test_no_grant_takes_the_books_beyond_what_their_columns_hold(tmp_path: Path) -> None:
    """Past 64 bits SQLite would turn the balance into a float."""
    most = money(GRANT_UNITS_MAX, "USD")

    async def tell(database: GroupCommit) -> None:
        fits = GRAINS_MAX // most.grains
        for n in range(fits):
            assert await grant(A, most, str(n), database, n)
        with pytest.raises(Invalid) as caught:
            await grant(A, most, "one more", database, fits)
        assert caught.value.code == "amount_too_large"
        assert await balance(database, wallet(A), "USD") == fits * most.grains

    story(tmp_path, tell)
