"""Group commit, on both databases: together or not at all, in order; one bad group never takes another with it."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from asyncio import Future
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from tests.db.opened import Place

from solvent.db import group_commit
from solvent.db.group_commit import GroupCommit
from solvent.values import limits
from solvent.values.errors import Conflict, Unavailable

Row = tuple[str, str]
SOON_S = 20.0  # far more than any of this takes: a writer that died must fail a test, not hang it


def put(connection: Connection, rows: list[Row]) -> None:
    """A journal: one mark for each row; a name that is taken fails."""
    for name, value in rows:
        connection.execute(
            text("INSERT INTO marks (name, value) VALUES (:name, :value)"), {"name": name, "value": value}
        )


def put_too(connection: Connection, rows: list[Row]) -> None:
    """Another journal into the same table."""
    put(connection, rows)


def break_down(_connection: Connection, rows: list[Row]) -> None:
    """A journal that has a defect."""
    raise KeyError(rows[0][0])


def marks(connection: Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(text("SELECT name, value FROM marks"))}


class Numbered:
    """A journal that remembers in which order rows were written."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, connection: Connection, rows: list[Row]) -> None:
        numbered = []
        for name, _ in rows:
            self.count += 1
            numbered.append((name, f"{self.count:06d}"))
        put(connection, numbered)


def in_order(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(text("SELECT name FROM marks ORDER BY value"))]


async def failures(futures: list[Future[None]]) -> list[BaseException | None]:
    outcomes = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), SOON_S)
    return list(outcomes)


def test_what_is_acknowledged_is_there_for_the_next_reader(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await database.append([(put, ("a", "1")), (put_too, ("b", "2"))])
            assert await database.read(marks) == {"a": "1", "b": "2"}

    asyncio.run(story())


def test_rows_of_one_group_are_written_together_or_not_at_all(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await database.append([(put, ("taken", "0"))])
            for bad in ([(put, ("new", "1")), (put, ("taken", "1"))], [(put, ("new", "1")), (put_too, ("taken", "1"))]):
                with pytest.raises(Unavailable) as caught:
                    await database.append(bad)
                assert caught.value.code == "books_unavailable"
                assert caught.value.retry_after_s is not None
            assert await database.read(marks) == {"taken": "0"}

    asyncio.run(story())


def test_a_bad_group_fails_alone(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            groups = [database.append([(put, (str(n % 90), str(n))), (put_too, (f"too {n}", ""))]) for n in range(100)]
            outcomes = await failures(groups)
            assert [n for n, outcome in enumerate(outcomes) if outcome is not None] == list(range(90, 100))
            found = await database.read(marks)
            assert {name: value for name, value in found.items() if "too" not in name} == {
                str(n): str(n) for n in range(90)
            }
            assert len(found) == 180

    asyncio.run(story())


@pytest.mark.parametrize("alone", [True, False])
def test_a_journal_with_a_defect_fails_alone_and_the_writer_lives_on(place: Place, alone: bool) -> None:
    async def story() -> None:
        async with place.opened() as database:
            groups = [database.append([(break_down, ("x", "y"))])]
            if not alone:
                groups = [database.append([(put, ("a", ""))]), *groups, database.append([(put, ("b", ""))])]
            outcomes = await failures(groups)
            assert [isinstance(outcome, Unavailable) for outcome in outcomes] == (
                [True] if alone else [False, True, False]
            )
            await asyncio.wait_for(database.append([(put, ("later", ""))]), SOON_S)
            assert "later" in await database.read(marks)

    asyncio.run(story())


def test_the_failure_stands_until_the_books_can_be_written_again(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            assert database.failure == ""
            await database.append([(put, ("a", ""))])
            [outcome] = await failures([database.append([(put, ("a", ""))])])
            assert outcome is not None
            assert "unique" in database.failure.lower()
            await database.append([(put, ("b", ""))])
            assert database.failure == ""

    asyncio.run(story())


def test_rows_of_one_journal_keep_the_order_they_were_queued_in(place: Place) -> None:
    async def story() -> None:
        names, numbered = [f"{n:05d}" for n in range(3_000)], Numbered()
        async with place.opened() as database:
            waiting = []
            for n, name in enumerate(names):
                if n % 3:
                    waiting.append(database.append([(numbered, (name, ""))]))
                else:
                    database.append_later([(numbered, (name, ""))])
                if n % 500 == 0:
                    await asyncio.sleep(0)
            assert await failures(waiting) == [None] * 2_000
            assert await database.read(in_order) == names

    asyncio.run(story())


def test_a_group_queued_before_a_work_is_written_before_it(place: Place) -> None:
    """Voiding what is lost runs as a work: it must see every settlement that was queued before it."""

    async def story() -> None:
        async with place.opened() as database:
            for n in range(300):
                database.append_later([(put, (str(n), ""))])
                seen = await database.write(marks)
                assert str(n) in seen

    asyncio.run(story())


def test_rows_that_nobody_waits_for_are_written_soon(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            database.append_later([(put, ("a", ""))])
            for _ in range(200):
                if await database.read(marks):
                    return
                await asyncio.sleep(0.01)
            raise AssertionError("a row that was queued is not there after two seconds")

    asyncio.run(story())


def test_closing_writes_what_is_queued(place: Place) -> None:
    async def first() -> list[Future[None]]:
        async with place.opened() as database:
            database.append_later([(put, ("later", ""))])
            waiting = [database.append([(put, (str(n), ""))]) for n in range(50)]
        await asyncio.sleep(0)
        assert await failures(waiting) == [None] * 50
        return waiting

    async def second() -> None:
        async with place.opened() as database:
            assert len(await database.read(marks)) == 51

    asyncio.run(first())
    asyncio.run(second())


def test_closed_books_take_nothing_more(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            pass
        for attempt in (
            lambda: database.append([]),
            lambda: database.append_later([]),
            lambda: database.keep_back(list),
        ):
            with pytest.raises(Unavailable) as caught:
                attempt()
            assert caught.value.code == "books_closed"
        with pytest.raises(Unavailable):
            await database.write(marks)

    asyncio.run(story())


def test_a_full_queue_refuses_instead_of_growing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solvent.db.group_commit.COMMIT_QUEUE_MAX", 20)
    blocked, go_on = threading.Event(), threading.Event()

    def block(_connection: Connection) -> None:
        blocked.set()
        assert go_on.wait(SOON_S)

    async def story() -> None:
        async with place.opened() as database:
            work = asyncio.create_task(database.write(block))
            assert await asyncio.to_thread(blocked.wait, SOON_S)
            waiting = [database.append([(put, (str(n), ""))]) for n in range(20)]
            with pytest.raises(Unavailable) as caught:
                database.append([(put, ("too many", ""))])
            assert caught.value.code == "books_overloaded"
            assert caught.value.retry_after_s is not None
            go_on.set()
            await work
            assert await failures(waiting) == [None] * 20
            await database.append([(put, ("room again", ""))])
            assert "too many" not in await database.read(marks)

    assert limits.COMMIT_QUEUE_MAX > 1_000
    asyncio.run(story())


def test_a_work_is_a_transaction_of_its_own(place: Place) -> None:
    def half(connection: Connection) -> None:
        put(connection, [("half", "")])
        raise Conflict("other_file", "no")

    def broken(connection: Connection) -> None:
        put(connection, [("half", "")])
        raise KeyError("a defect")

    def taken(connection: Connection) -> None:
        put(connection, [("half", ""), ("half", "")])

    def whole(connection: Connection) -> int:
        put(connection, [("whole", "")])
        return 7

    async def story() -> None:
        async with place.opened() as database:
            works: list[tuple[Any, type[BaseException]]] = [
                (half, Conflict),
                (broken, KeyError),
                (taken, SQLAlchemyError),
            ]
            for work, error in works:
                with pytest.raises(error):
                    await asyncio.wait_for(database.write(work), SOON_S)
            assert await asyncio.wait_for(database.write(whole), SOON_S) == 7
            assert await database.read(marks) == {"whole": ""}

    asyncio.run(story())


def test_readers_go_on_while_a_write_is_under_way(place: Place) -> None:
    written, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        put(connection, [("slow", "")])
        written.set()
        assert go_on.wait(SOON_S)

    async def story() -> None:
        async with place.opened() as database:
            await database.append([(put, ("before", ""))])
            work = asyncio.create_task(database.write(slow))
            assert await asyncio.to_thread(written.wait, SOON_S)
            seen = await asyncio.wait_for(asyncio.gather(*(database.read(marks) for _ in range(20))), SOON_S)
            assert seen == [{"before": ""}] * 20  # nothing that is not committed
            go_on.set()
            await work
            assert await database.read(marks) == {"before": "", "slow": ""}

    asyncio.run(story())


def test_a_waiter_who_leaves_does_not_take_the_rows_with_him(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            future = database.append([(put, ("a", "1"))])
            future.cancel()
            await database.append([(put, ("b", "2"))])
            assert await database.read(in_order) == ["a", "b"]

    asyncio.run(story())


def test_whoever_wants_to_know_is_told_of_what_is_written_and_of_what_is_not(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            told: list[str] = []

            def then(failure: Exception | None) -> None:
                told.append(failure.code if isinstance(failure, Unavailable) else "written")

            def broken(_failure: Exception | None) -> None:
                raise ZeroDivisionError

            database.append_then([(put, ("a", "1"))], then)
            await database.append([(put, ("b", "2"))])
            database.append_then([(put, ("a", "again"))], then)
            database.append_then([(put, ("c", "3"))], broken)
            await failures([database.append([(put, ("d", "4"))])])
            assert told == ["written", "books_unavailable"]
            assert await database.read(in_order) == ["a", "b", "c", "d"]

    asyncio.run(story())


@contextmanager
def switching_threads_wherever_possible() -> Iterator[None]:
    """Python code in the garbage collector lets other threads in at any allocation, as finalisers do."""

    def look_around(_phase: str, _info: object) -> None:
        for _ in range(3):
            pass

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(20, 1_000, 1_000)
    gc.callbacks.append(look_around)
    try:
        yield
    finally:
        gc.callbacks.remove(look_around)
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)


def test_nothing_is_lost_that_is_queued_while_the_writer_takes_the_queue(place: Place) -> None:
    def nowhere(_connection: Connection, _rows: list[Row]) -> None:
        """A journal that is quick."""

    async def story() -> None:
        async with place.opened() as database:
            for _ in range(150):
                waiting = []
                for n in range(2_000):
                    waiting.append(database.append([(nowhere, ("a", ""))]))
                    if n % 50 == 0:
                        await asyncio.sleep(0)
                _, forgotten = await asyncio.wait(waiting, timeout=5)
                assert not forgotten, f"{len(forgotten)} groups were never written"

    with switching_threads_wherever_possible():
        asyncio.run(story())


def test_many_waiting_share_few_commits(place: Place) -> None:
    async def story() -> GroupCommit:
        async with place.opened() as database:
            await failures([database.append([(put, (str(n), ""))]) for n in range(2_000)])
            return database

    assert asyncio.run(story()).commits < 200


def test_those_who_come_in_turn_after_turn_share_a_commit_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GATHER_S", SOON_S)

    async def story() -> None:
        async with place.opened() as database:
            before, since = database.commits, asyncio.get_running_loop().time()
            waiting = []
            for n in range(300):
                waiting.append(database.append([(put, (str(n), ""))]))
                await asyncio.sleep(0)
            await failures(waiting)
            # Beside the one that the last turn closes, only those that the writer makes by itself.
            late = (asyncio.get_running_loop().time() - since) / group_commit.LATER_S
            assert database.commits - before <= 2 + late

    asyncio.run(story())
