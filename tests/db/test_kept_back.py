"""Rows that are kept back for a moment, on both databases: written unless they are taken back."""

from __future__ import annotations

import asyncio
from functools import partial

from tests.db.opened import Place
from tests.db.test_group_commit import SOON_S, marks, put

from solvent.db.port import Entry


def row(name: str) -> list[Entry]:
    return [(put, (name, ""))]


def test_rows_kept_back_are_written_soon_unless_they_are_taken_back(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            kept = [database.keep_back(partial(row, name)) for name in "abc"]
            assert kept[1].take_back(), "nobody has queued it yet"
            assert not kept[1].take_back(), "once"
            for _ in range(2_000):
                if len(await database.read(marks)) == 2:
                    break
                await asyncio.sleep(0.01)
            assert [one.take_back() for one in kept] == [False] * 3
            late = database.keep_back(partial(row, "d"))
            assert set(await database.write(marks)) == {"a", "c", "d"}, "a work sees what was kept back before it"
            assert not late.take_back()
            database.keep_back(partial(row, "e"))
            assert database.keep_back(partial(row, "f")).take_back()
        async with place.opened() as database:
            assert set(await database.read(marks)) == set("acde")

    asyncio.run(asyncio.wait_for(story(), SOON_S))
