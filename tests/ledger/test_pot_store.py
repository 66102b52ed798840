"""The tables of pots and leases: what was opened is found, changes are heard of, and what is free is counted right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.db.group_commit import GroupCommit
from solvent.ledger import pot_store, store
from solvent.ledger.account import allowance, wallet
from solvent.ledger.pot import Kind, Pot
from solvent.ledger.transfer import hold, posting
from solvent.ledger.unit import ANSWERS
from solvent.values.errors import Refused, Unavailable
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

A, B = CustomerId("cus_a"), CustomerId("cus_b")
T = TypeVar("T")


def pot(account: str, customer: CustomerId = A, kind: Kind = "grant", **changed: Any) -> Pot:
    terms: dict[str, Any] = {"classes": "", "opens_us": 0, "expires_us": NEVER_US, "alert_grains": 0} | changed
    return Pot(account, "KRW", customer, kind, **terms)


def story(place: Place, tell: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            await tell(database)

    asyncio.run(run())


def pays_in(account: str, grains: int, unit: str = "KRW") -> Callable[[Connection], None]:
    row = posting(TransferId(f"in_{account}_{grains}"), 1, "cash:bank", account, Money(grains, unit), "")
    return lambda connection: store.append(connection, [row])


def test_pots_come_back_as_they_were_opened(place: Place) -> None:
    mine = [
        pot("grant:a:2", classes="quick expert", opens_us=3, expires_us=9, alert_grains=5),
        pot("wallet:a", kind="wallet"),
    ]

    async def tell(database: GroupCommit) -> None:
        await database.write(lambda c: pot_store.open_pots(c, [*mine, pot("wallet:b", B, "wallet")]))
        assert await database.read(lambda c: pot_store.pots_of(c, A)) == mine
        assert await database.read(lambda c: pot_store.pots_of(c, A, 8)) == mine
        assert await database.read(lambda c: pot_store.pots_of(c, A, 9)) == mine[1:], "the first has expired"
        assert await database.read(lambda c: pot_store.pots_of(c, CustomerId("cus_none"))) == []
        found = await database.read(lambda c: pot_store.pots_at(c, ["wallet:b", "wallet:nobody"]))
        assert list(found) == ["wallet:b"]

    story(place, tell)


def test_a_pot_that_is_opened_again_keeps_its_unit_and_gets_new_terms(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        await database.write(lambda c: pot_store.open_pots(c, [pot("grant:a", expires_us=5)]))
        again = pot("grant:a", classes="quick", opens_us=2, expires_us=50, alert_grains=7)
        await database.write(lambda c: pot_store.open_pots(c, [again]))
        assert await database.read(lambda c: pot_store.pots_of(c, A)) == [again]

    story(place, tell)


def test_those_that_expired_in_a_while_are_found_once(place: Place) -> None:
    pots = [pot(f"grant:{n}", expires_us=n) for n in range(10)]

    async def tell(database: GroupCommit) -> None:
        await database.write(
            lambda c: pot_store.open_pots(c, [*pots, pot("allowance:x", kind="allowance", expires_us=5)])
        )
        found = []
        for start, end in ((0, 3), (3, 4), (4, 9), (9, 99)):
            found += await database.read(lambda c, s=start, e=end: pot_store.pots_expired(c, s, e, "grant"))  # type: ignore[misc]
        assert found == pots

    story(place, tell)


def test_every_process_hears_whose_pots_changed(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        def touched(since: int) -> Callable[[Connection], tuple[set[CustomerId], int]]:
            return lambda connection: pot_store.customers_touched(connection, since)

        assert await database.read(touched(0)) == (set(), 0)
        await database.write(lambda c: pot_store.open_pots(c, [pot("wallet:a"), pot("wallet:b", B)]))
        assert await database.read(touched(0)) == ({A, B}, 1)
        assert await database.read(touched(1)) == (set(), 1)
        await database.write(lambda c: pot_store.touch_customers(c, [B]))
        assert await database.read(touched(1)) == ({B}, 2)
        await database.write(lambda c: pot_store.open_pots(c, [pot("wallet:a", classes="quick")]))
        assert await database.read(touched(1)) == ({A, B}, 3)
        assert await database.read(touched(2)) == ({A}, 3)
        await database.write(lambda c: pot_store.touch_customers(c, []))
        assert (await database.read(touched(3)))[0] == set()

    story(place, tell)


def test_what_is_free_is_neither_spent_nor_held_nor_leased(place: Place) -> None:
    account = wallet(A)

    async def tell(database: GroupCommit) -> None:
        await database.write(pays_in(account, 1_000))
        spent = posting(TransferId("out"), 1, account, "revenue:answers", Money(100, "KRW"), "")
        held = hold(TransferId("h"), 1, account, "revenue:answers", Money(30, "KRW"), 9, "", "proc_1")
        await database.write(lambda c: store.append(c, [spent, held]))
        assert await database.write(lambda c: pot_store.take_lease(c, "proc_1", account, "KRW", 200)) == 200
        assert await database.write(lambda c: pot_store.take_lease(c, "proc_2", account, "KRW", 50)) == 50
        assert await database.read(lambda c: pot_store.free(c, account, "KRW")) == 1_000 - 100 - 30 - 250
        assert await database.read(lambda c: pot_store.left_of(c, [account])) == {(account, "KRW"): (620, 900)}
        assert await database.write(lambda c: pot_store.take_lease(c, "proc_2", account, "KRW", 10**9)) == 620
        assert await database.write(lambda c: pot_store.take_lease(c, "proc_3", account, "KRW", 10**9)) == 0
        assert await database.read(lambda c: pot_store.all_leased(c)) == {(account, "KRW"): 870}
        with pytest.raises(Refused) as caught:
            await database.write(lambda c: pot_store.demand_free(c, account, "KRW", 1))
        assert (caught.value.code, caught.value.retry_after_s) == ("balance_held", 2)
        await database.write(lambda c: pot_store.demand_free(c, account, "KRW", 0))

    story(place, tell)


def test_a_pot_that_counts_is_leased_in_its_own_unit(place: Place) -> None:
    account = allowance(A, "p")

    async def tell(database: GroupCommit) -> None:
        await database.write(pays_in(account, 10, ANSWERS))
        assert await database.write(lambda c: pot_store.take_lease(c, "proc_1", account, "KRW", 5)) == 0
        assert await database.write(lambda c: pot_store.take_lease(c, "proc_1", account, ANSWERS, 50)) == 10

    story(place, tell)


def test_a_lease_never_falls_below_zero_and_none_is_made_by_giving_back(place: Place) -> None:
    """Whoever shifts a lease that is gone was taken for dead: the whole group fails with it."""
    account = wallet(A)

    async def tell(database: GroupCommit) -> None:
        await database.write(pays_in(account, 100))
        await database.write(lambda c: pot_store.take_lease(c, "proc_1", account, "KRW", 60))
        for wrong in ((account, "KRW", "proc_1", -61), (account, "KRW", "proc_2", 5), ("wallet:x", "KRW", "proc_1", 1)):
            more = posting(TransferId("more"), 1, "a", "b", Money(1, "KRW"), "")
            with pytest.raises(Unavailable):
                await database.append([(store.append, more), (pot_store.shift_leases, wrong)])
            with pytest.raises(Exception, match=r"taken for dead|ck_leases_grains"):
                await database.write(lambda c, w=wrong: pot_store.shift_leases(c, [w]))  # type: ignore[misc]
        assert await database.read(lambda c: pot_store.leased(c, account, "KRW")) == 60
        both: list[Any] = [(account, "KRW", "proc_1", -60), (account, "KRW", "proc_1", 20)]
        await database.append([(pot_store.shift_leases, shift) for shift in both])
        assert await database.read(lambda c: pot_store.leased(c, account, "KRW")) == 20
        await database.append([(pot_store.shift_leases, ("wallet:x", "KRW", "proc_9", 0))])

    story(place, tell)


def test_leases_end_for_one_holder_or_for_some_of_its_pots(place: Place) -> None:
    accounts = [wallet(CustomerId(f"cus_{n}")) for n in range(3)]

    async def tell(database: GroupCommit) -> None:
        for account in accounts:
            await database.write(pays_in(account, 100))
            for holder in ("proc_1", "proc_2"):
                await database.write(lambda c, a=account, h=holder: pot_store.take_lease(c, h, a, "KRW", 10))  # type: ignore[misc]
        await database.write(lambda c: pot_store.end_leases(c, "proc_1", [(accounts[0], "KRW"), (accounts[1], "USD")]))
        left = {(accounts[0], "KRW"): 10, (accounts[1], "KRW"): 20, (accounts[2], "KRW"): 20}
        assert await database.read(pot_store.all_leased) == left
        await database.write(lambda c: pot_store.end_leases(c, "proc_1", []))
        assert await database.read(pot_store.all_leased) == left
        await database.write(lambda c: pot_store.end_leases(c, "proc_2"))
        assert await database.read(pot_store.holders) == {"proc_1"}

    story(place, tell)


def test_a_lease_of_nothing_ends_only_when_it_is_asked_to(place: Place) -> None:
    account = wallet(A)

    async def tell(database: GroupCommit) -> None:
        await database.write(pays_in(account, 100))
        await database.write(lambda c: pot_store.take_lease(c, "proc_1", account, "KRW", 10))
        await database.write(lambda c: pot_store.end_empty_leases(c, "proc_1", [(account, "KRW")]))
        assert await database.read(pot_store.holders) == {"proc_1"}, "there is something left of it"
        await database.write(lambda c: pot_store.lessen_leases(c, [(account, "KRW", "proc_1", -10)]))
        assert await database.read(pot_store.holders) == {"proc_1"}, "an answer under way will give back to it"
        await database.write(lambda c: pot_store.end_empty_leases(c, "proc_1", [(account, "KRW")]))
        assert await database.read(pot_store.holders) == set()

    story(place, tell)


def test_only_those_who_have_something_left_are_asked_for_it(place: Place) -> None:
    account = wallet(A)

    async def tell(database: GroupCommit) -> None:
        await database.write(pays_in(account, 100))
        for holder in ("proc_1", "proc_2", "proc_3"):
            await database.write(lambda c, h=holder: pot_store.take_lease(c, h, account, "KRW", 10))  # type: ignore[misc]
        await database.write(lambda c: pot_store.lessen_leases(c, [(account, "KRW", "proc_2", -10)]))
        assert await database.write(lambda c: pot_store.recall(c, account, "KRW", "proc_1")) == 1
        assert await database.read(lambda c: pot_store.recalled(c, "proc_3")) == [(account, "KRW")]
        for holder in ("proc_1", "proc_2"):
            assert await database.read(lambda c, h=holder: pot_store.recalled(c, h)) == []  # type: ignore[misc]
        assert await database.read(lambda c: pot_store.leases_beside(c, account, "KRW", "proc_1")) == 1
        assert await database.read(lambda c: pot_store.leases_beside(c, account, "KRW", "")) == 2
        await database.write(lambda c: pot_store.lessen_leases(c, [(account, "KRW", "proc_3", -4)]))
        assert await database.read(lambda c: pot_store.recalled(c, "proc_3")) == [], "it did what it was asked"

    story(place, tell)
