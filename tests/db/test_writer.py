"""The writer's thread: it outlives whatever a work ends with, and if it ends nobody waits for it for ever."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place
from tests.db.test_group_commit import SOON_S, Row, failures, marks, put

from solvent.db.group_commit import GroupCommit
from solvent.values.errors import Unavailable


@pytest.mark.parametrize("wrong", [SystemExit("3"), KeyboardInterrupt(), asyncio.CancelledError(), StopIteration()])
def test_whatever_a_work_ends_with_its_waiter_is_told_and_the_writer_lives_on(
    place: Place, wrong: BaseException
) -> None:
    """SystemExit and the like are for a thread or a task of their own: the waiter hears of a defect instead."""

    def broken(connection: Connection) -> None:
        put(connection, [("half", "")])
        raise wrong

    def broken_journal(_connection: Connection, _rows: list[Row]) -> None:
        raise wrong

    async def story() -> None:
        async with place.opened() as database:
            with pytest.raises(RuntimeError) as caught:
                await asyncio.wait_for(database.write(broken), SOON_S)
            assert caught.value.__cause__ is wrong
            groups = [database.append([(put, ("a", ""))]), database.append([(broken_journal, ("x", ""))])]
            assert [type(outcome) for outcome in await failures(groups)] == [type(None), Unavailable]
            await asyncio.wait_for(database.append([(put, ("later", ""))]), SOON_S)
            assert await database.read(marks) == {"a": "", "later": ""}

    asyncio.run(story())


def test_a_writer_that_dies_leaves_nobody_waiting_and_takes_nothing_more(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_self: GroupCommit, _connection: Connection) -> None:
        raise SystemExit

    async def story() -> None:
        async with place.opened() as database:
            monkeypatch.setattr(GroupCommit, "_commit", die)
            waiting = [database.append([(put, (str(n), ""))]) for n in range(3)]
            work = asyncio.create_task(database.write(marks))
            assert [type(outcome) for outcome in await failures(waiting)] == [Unavailable] * 3
            with pytest.raises(Unavailable):
                await asyncio.wait_for(work, SOON_S)
            with pytest.raises(Unavailable) as caught:
                database.append([(put, ("later", ""))])
            assert caught.value.code == "books_unavailable"
            assert "writer ended" in database.failure
            assert await database.read(marks) == {}

    asyncio.run(story())
