"""Calling leases in: whoever takes money out of a pot waits until others have given back theirs, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.db.group_commit import GroupCommit
from solvent.ledger import pot_store, store
from solvent.ledger.call_in_leases import call_in_leases
from solvent.ledger.transfer import posting
from solvent.values.ids import TransferId
from solvent.values.money import Money

ACCOUNT = "wallet:cus_a"


def story(place: Place, tell: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            row = posting(TransferId("in"), 1, "cash:bank", ACCOUNT, Money(1_000, "KRW"), "")
            await database.append([(store.append, row)])
            await tell(database)

    asyncio.run(run())


def take(holder: str, grains: int) -> Callable[[Connection], int]:
    return lambda connection: pot_store.take_lease(connection, holder, ACCOUNT, "KRW", grains)


async def give_back_when_asked(database: GroupCommit, holder: str) -> None:
    """As `answering.tend_leases` does."""
    while not await database.read(lambda c: pot_store.recalled(c, holder)):  # noqa: ASYNC110  # as it is done
        await asyncio.sleep(0.01)
    await database.write(lambda c: pot_store.end_leases(c, holder, [(ACCOUNT, "KRW")]))


@pytest.fixture
def _waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would have to be waited for at all is not."""
    monkeypatch.setattr("solvent.ledger.call_in_leases.LEASE_CALL_IN_STEPS", 0)


@pytest.mark.usefixtures("_waits_for_nobody")
def test_nobody_is_waited_for_where_nobody_leases(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        assert await call_in_leases(ACCOUNT, "KRW", database)

    story(place, tell)


def test_all_is_free_once_everybody_has_given_back(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        for holder in ("proc_1", "proc_2"):
            await database.write(take(holder, 300))
        giving = [asyncio.create_task(give_back_when_asked(database, holder)) for holder in ("proc_1", "proc_2")]
        assert await call_in_leases(ACCOUNT, "KRW", database)
        await asyncio.gather(*giving)
        assert await database.read(lambda c: pot_store.free(c, ACCOUNT, "KRW")) == 1_000

    story(place, tell)


def test_ones_own_lease_may_stay(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        await database.write(take("proc_1", 300))
        assert await call_in_leases(ACCOUNT, "KRW", database, "proc_1")
        assert await database.read(lambda c: pot_store.recalled(c, "proc_1")) == []

    story(place, tell)


def test_whoever_does_not_give_back_is_not_waited_for_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solvent.ledger.call_in_leases.LEASE_CALL_IN_STEPS", 4)

    async def tell(database: GroupCommit) -> None:
        await database.write(take("proc_1", 300))
        assert not await call_in_leases(ACCOUNT, "KRW", database)
        assert await database.read(lambda c: pot_store.free(c, ACCOUNT, "KRW")) == 700

    story(place, tell)


@pytest.mark.usefixtures("_waits_for_nobody")
def test_what_is_set_aside_for_answers_is_not_waited_for(place: Place) -> None:
    """They may take half an hour; what they hold is not free, and that is known at once."""

    async def tell(database: GroupCommit) -> None:
        await database.write(take("proc_1", 300))
        await database.write(lambda c: pot_store.lessen_leases(c, [(ACCOUNT, "KRW", "proc_1", -300)]))
        assert await call_in_leases(ACCOUNT, "KRW", database)

    story(place, tell)
