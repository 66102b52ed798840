"""Lost holds are voided, exactly those, exactly once, whenever and however often it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from tests.db.opened import opened

from solvent.db.group_commit import GroupCommit
from solvent.ledger import store
from solvent.ledger.transfer import Transfer, hold, post, void
from solvent.ledger.void_lost_holds import MARK, void_lost_holds
from solvent.values.ids import TransferId, new_id
from solvent.values.instant import US_PER_S, instant
from solvent.values.limits import HOLD_S_MAX
from solvent.values.money import Money

NOW_US = instant("2026-11-24T12:00:00Z", "now")


def held_since(seconds: int, number: int = 0) -> Transfer:
    at_us = NOW_US - seconds * US_PER_S
    id = TransferId(f"{new_id('ans', at_us, number)}.hold")
    return hold(id, at_us, "wallet:a", "revenue", Money(100 + number, "KRW"), at_us + HOLD_S_MAX * US_PER_S, "")


async def put(database: GroupCommit, *rows: Transfer) -> None:
    await database.append([(store.append, row) for row in rows])


async def open_ids(database: GroupCommit) -> set[str]:
    return {row.id for row in await database.read(lambda connection: store.open_holds(connection, "", "z"))}


def story(tmp_path: Path, tell: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def run() -> None:
        async with opened(tmp_path) as database:
            await tell(database)
            assert await database.read(store.balances_of) == await database.read(store.balances_rebuilt)

    asyncio.run(run())


def test_only_the_expired_are_voided_while_others_may_be_answering(tmp_path: Path) -> None:
    old, edge, young = held_since(HOLD_S_MAX + 1, 1), held_since(HOLD_S_MAX, 2), held_since(HOLD_S_MAX - 1, 3)
    posted, voided = held_since(HOLD_S_MAX + 5, 4), held_since(HOLD_S_MAX + 5, 5)

    async def tell(database: GroupCommit) -> None:
        await put(database, old, edge, young, posted, voided)
        await put(database, post(posted, Money(1, "KRW"), NOW_US), void(voided, NOW_US))
        assert {row.id for row in await void_lost_holds(database, NOW_US)} == {old.id, edge.id}
        assert await open_ids(database) == {young.id}
        balance = (await database.read(store.balances_of))["wallet:a", "KRW"]
        assert (balance.debits, balance.held_debits) == (1, young.grains)

    story(tmp_path, tell)


def test_all_are_voided_when_nobody_is_answering(tmp_path: Path) -> None:
    holds = [held_since(seconds, n) for n, seconds in enumerate((0, 1, HOLD_S_MAX, HOLD_S_MAX * 100, -5))]

    async def tell(database: GroupCommit) -> None:
        await put(database, *holds)
        assert {row.id for row in await void_lost_holds(database, NOW_US, all_of_them=True)} == {
            row.id for row in holds
        }
        assert await open_ids(database) == set()

    story(tmp_path, tell)


@pytest.mark.parametrize("all_of_them", [True, False])
def test_doing_it_again_does_nothing(tmp_path: Path, all_of_them: bool) -> None:
    async def tell(database: GroupCommit) -> None:
        assert await void_lost_holds(database, NOW_US, all_of_them=all_of_them) == []
        await put(database, held_since(HOLD_S_MAX + 10))
        assert len(await void_lost_holds(database, NOW_US, all_of_them=all_of_them)) == 1
        for later_s in (0, 1, 10**6):
            later_us = NOW_US + later_s * US_PER_S
            assert await void_lost_holds(database, later_us, all_of_them=all_of_them) == []

    story(tmp_path, tell)


def test_the_mark_moves_and_never_passes_a_hold_that_may_be_open(tmp_path: Path) -> None:
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
            assert {row.id for row in await void_lost_holds(database, now_us)} == expired
            waiting = {id: row for id, row in waiting.items() if id not in expired}
            marks.append(await database.read(lambda connection: store.mark(connection, MARK)))
            assert await open_ids(database) == set(waiting)
        assert marks == sorted(marks)
        assert len(set(marks)) == len(marks)

    story(tmp_path, tell)


def test_a_clock_set_back_loses_no_hold(tmp_path: Path) -> None:
    async def tell(database: GroupCommit) -> None:
        await void_lost_holds(database, NOW_US + 10**6 * US_PER_S)
        back = held_since(0)  # born before the mark, by a clock that was put right
        await put(database, back)
        await void_lost_holds(database, NOW_US)
        assert await open_ids(database) == {back.id}
        assert [row.id for row in await void_lost_holds(database, NOW_US + HOLD_S_MAX * US_PER_S)] == [back.id]

    story(tmp_path, tell)


def test_a_settlement_that_comes_after_the_void_changes_nothing(tmp_path: Path) -> None:
    held = held_since(HOLD_S_MAX + 1)

    async def tell(database: GroupCommit) -> None:
        await put(database, held)
        await void_lost_holds(database, NOW_US)
        before = await database.read(store.balances_of)
        with pytest.raises(Exception, match="books"):
            await put(database, post(held, Money(5, "KRW"), NOW_US))
        assert await database.read(store.balances_of) == before

    story(tmp_path, tell)
