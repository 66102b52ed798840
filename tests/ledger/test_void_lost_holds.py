"""Lost holds are voided, exactly those, exactly once, whenever and however often it is done; leases of the dead end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import msgspec
import pytest
from sqlalchemy import select
from tests.db.opened import Place

from solvent.db.group_commit import GroupCommit
from solvent.ledger import pot_store, store
from solvent.ledger.balance import all_months
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.ledger.void_lost_holds import MARK, void_lost_holds
from solvent.values.errors import Unavailable
from solvent.values.ids import TransferId, new_id
from solvent.values.instant import US_PER_S, instant
from solvent.values.limits import HOLD_S_MAX
from solvent.values.money import Money

NOW_US = instant("2026-11-24T12:00:00Z", "now")
RICH = 10**9
PLACES = select(store.transfers.c.id, store.transfers.c.seq)


def everybody(_holder: str) -> bool:
    return True


def nobody(_holder: str) -> bool:
    return False


def held_since(seconds: int, number: int = 0, holder: str = "proc_1") -> Transfer:
    at_us = NOW_US - seconds * US_PER_S
    id = TransferId(f"{new_id('ans', at_us, number)}.hold")
    amount, until_us = Money(100 + number, "KRW"), at_us + HOLD_S_MAX * US_PER_S
    return hold(id, at_us, "wallet:a", "revenue", amount, until_us, "", holder)


async def put(database: GroupCommit, *rows: Transfer) -> None:
    await database.append([(store.append, row) for row in rows])


async def open_ids(database: GroupCommit) -> set[str]:
    return {row.id for row in await database.read(lambda connection: store.open_holds(connection, "", "z"))}


async def free(database: GroupCommit) -> int:
    return await database.read(lambda connection: pot_store.free(connection, "wallet:a", "KRW"))


def story(place: Place, tell: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            await put(database, posting(TransferId("gift"), 1, "expense:grants", "wallet:a", Money(RICH, "KRW"), ""))
            await tell(database)
            rebuilt = all_months(await database.read(store.balances_rebuilt))
            assert await database.read(store.balances_of) == rebuilt

    asyncio.run(run())


def test_only_the_expired_are_voided_while_those_who_hold_are_alive(place: Place) -> None:
    old, edge, young = held_since(HOLD_S_MAX + 1, 1), held_since(HOLD_S_MAX, 2), held_since(HOLD_S_MAX - 1, 3)
    posted, voided = held_since(HOLD_S_MAX + 5, 4), held_since(HOLD_S_MAX + 5, 5)

    async def tell(database: GroupCommit) -> None:
        await put(database, old, edge, young, posted, voided)
        await put(database, post(posted, Money(1, "KRW"), NOW_US), void(voided, NOW_US))
        assert {row.id for row in await void_lost_holds(database, NOW_US, everybody)} == {old.id, edge.id}
        assert await open_ids(database) == {young.id}
        balance = (await database.read(store.balances_of))["wallet:a", "KRW"]
        assert (balance.debits, balance.held_debits) == (1, young.grains)

    story(place, tell)


def test_all_holds_of_the_dead_are_voided_however_young(place: Place) -> None:
    holds = [held_since(seconds, n) for n, seconds in enumerate((0, 1, HOLD_S_MAX, HOLD_S_MAX * 100, -5))]

    async def tell(database: GroupCommit) -> None:
        await put(database, *holds)
        assert {row.id for row in await void_lost_holds(database, NOW_US, nobody)} == {row.id for row in holds}
        assert await open_ids(database) == set()
        assert await free(database) == RICH

    story(place, tell)


def test_the_holds_of_the_living_and_of_nobody_stay(place: Place) -> None:
    """A hold that names no holder, as those of earlier versions, is only lost when its time is over."""
    living, dead, nameless = (held_since(1, n, holder) for n, holder in enumerate(("proc_1", "proc_2", "")))

    async def tell(database: GroupCommit) -> None:
        await put(database, living, dead, nameless)
        lost = await void_lost_holds(database, NOW_US, lambda holder: holder == "proc_1")
        assert [row.id for row in lost] == [dead.id]
        assert await open_ids(database) == {living.id, nameless.id}
        later = await void_lost_holds(database, NOW_US + HOLD_S_MAX * US_PER_S, everybody)
        assert {row.id for row in later} == {living.id, nameless.id}

    story(place, tell)


def test_the_leases_of_the_dead_end_and_those_of_the_living_do_not(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        for holder, most in (("proc_1", 300), ("proc_2", 500), ("proc_3", 700)):
            await database.write(lambda c, h=holder, m=most: pot_store.take_lease(c, h, "wallet:a", "KRW", m))  # type: ignore[misc]
        await put(database, held_since(1, 0, "proc_2"))
        assert await free(database) == RICH - 1_500 - 100
        await void_lost_holds(database, NOW_US, lambda holder: holder == "proc_1")
        assert await database.read(pot_store.holders) == {"proc_1"}
        assert await free(database) == RICH - 300

    story(place, tell)


@pytest.mark.parametrize("is_alive", [everybody, nobody])
def test_doing_it_again_does_nothing(place: Place, is_alive: Callable[[str], bool]) -> None:
    async def tell(database: GroupCommit) -> None:
        assert await void_lost_holds(database, NOW_US, is_alive) == []
        await put(database, held_since(HOLD_S_MAX + 10))
        assert len(await void_lost_holds(database, NOW_US, is_alive)) == 1
        for later_s in (0, 1, 10**6):
            assert await void_lost_holds(database, NOW_US + later_s * US_PER_S, is_alive) == []

    story(place, tell)


def test_two_processes_that_void_at_once_void_each_hold_once(place: Place) -> None:
    holds = [held_since(1, n) for n in range(20)]

    async def tell(database: GroupCommit) -> None:
        await put(database, *holds)
        async with place.opened() as other:
            both = await asyncio.gather(*(void_lost_holds(each, NOW_US, nobody) for each in (database, other)))
        assert sorted(row.id for lost in both for row in lost) == sorted(row.id for row in holds)
        assert await free(database) == RICH

    story(place, tell)


def test_the_mark_moves_and_never_passes_a_hold_that_may_be_open(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        random = Random(7)
        waiting: dict[str, Transfer] = {}
        marks = []
        for minute in range(0, 180, 7):
            now_us = NOW_US + minute * 60 * US_PER_S
            for n in range(3):
                held = held_since(-minute * 60 + random.randrange(60), n + minute * 10)
                waiting[held.id] = held
                await put(database, held)
            for id in random.sample(sorted(waiting), len(waiting) // 3):
                await put(database, void(waiting.pop(id), now_us))
            expired = {row.id for row in waiting.values() if row.expires_us is not None and row.expires_us <= now_us}
            assert {row.id for row in await void_lost_holds(database, now_us, everybody)} == expired
            waiting = {id: row for id, row in waiting.items() if id not in expired}
            marks.append(int(await database.read(lambda connection: store.mark(connection, MARK))))
            assert await open_ids(database) == set(waiting)
            seqs = dict(await database.read(lambda connection: connection.execute(PLACES).all()))
            assert all(seqs[id] > marks[-1] for id in waiting)
        assert marks == sorted(marks)
        assert len(set(marks)) > 10

    story(place, tell)


def test_what_nobody_holds_and_no_time_ends_is_left_and_keeps_the_mark_from_nothing(place: Place) -> None:
    pledge = msgspec.structs.replace(held_since(0, 1, ""), expires_us=None)
    many = [held_since(HOLD_S_MAX + 9, n) for n in range(2, 1_300)]

    async def tell(database: GroupCommit) -> None:
        await put(database, pledge, *many)
        assert {row.id for row in await void_lost_holds(database, NOW_US, everybody)} == {row.id for row in many}
        assert await void_lost_holds(database, NOW_US, nobody) == []
        assert await open_ids(database) == {pledge.id}
        mark = int(await database.read(lambda connection: store.mark(connection, MARK)))
        assert mark == await database.read(store.last_seq)

    story(place, tell)


def test_a_clock_set_back_loses_no_hold(place: Place) -> None:
    async def tell(database: GroupCommit) -> None:
        await void_lost_holds(database, NOW_US + 10**6 * US_PER_S, everybody)
        back = held_since(0)  # born before the mark, by a clock that was put right
        await put(database, back)
        await void_lost_holds(database, NOW_US, everybody)
        assert await open_ids(database) == {back.id}
        later_us = NOW_US + HOLD_S_MAX * US_PER_S
        assert [row.id for row in await void_lost_holds(database, later_us, everybody)] == [back.id]

    story(place, tell)


def test_a_settlement_that_comes_after_the_void_changes_nothing(place: Place) -> None:
    held = held_since(HOLD_S_MAX + 1)

    async def tell(database: GroupCommit) -> None:
        await put(database, held)
        await void_lost_holds(database, NOW_US, everybody)
        before = await database.read(store.balances_of)
        with pytest.raises(Unavailable, match="books"):
            await put(database, post(held, Money(5, "KRW"), NOW_US))
        assert await database.read(store.balances_of) == before

    story(place, tell)
