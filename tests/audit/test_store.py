"""A change and its effect are one: once for each key, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.audit import store
from solvent.audit.act import Act, by_system, fingerprint
from solvent.values.errors import Conflict


def test_an_effect_happens_once_for_each_key(place: Place) -> None:
    done: list[int] = []

    def effect() -> list[int]:
        done.append(1)
        return list(done)

    def act(key: str, *asked: object) -> Act:
        return Act("key_1", key, fingerprint(*asked), 5)

    async def live() -> None:
        async with place.opened() as database:

            def work(connection: Connection, what: Act) -> tuple[list[int], bool]:
                return store.once(connection, what, "test", "cus_1", effect, list[int])

            assert await database.write(lambda c: work(c, act("a", 1))) == ([1], True)
            assert await database.write(lambda c: work(c, act("a", 1))) == ([1], False)
            assert await database.write(lambda c: work(c, act("b", 1))) == ([1, 1], True)
            with pytest.raises(Conflict):
                await database.write(lambda c: work(c, act("a", 2)))
            assert await database.write(lambda c: work(c, by_system("a", 6))) == ([1, 1, 1], True)
            kept = await database.read(lambda c: store.changes_between(c, 0, 100, subject="cus_1"))
            made = {(change.actor, change.key) for change in kept}
            assert made == {("system", "a"), ("key_1", "b"), ("key_1", "a")}
            assert kept[0].actor == "system", "newest first"
            assert await database.read(lambda c: store.changes_between(c, 0, 6)) == kept[1:]

    asyncio.run(live())


def test_an_effect_that_fails_leaves_no_trace(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:

            def broken(connection: Connection) -> None:
                store.once(connection, by_system("x", 1), "test", "", lambda: 1 // 0, int)

            with pytest.raises(ZeroDivisionError):
                await database.write(broken)
            assert await database.read(lambda c: store.changes_between(c, 0, 100)) == []

    asyncio.run(live())
