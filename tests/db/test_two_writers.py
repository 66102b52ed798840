"""Two writers of one set of books, and a writer whose connection is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pg8000
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.pool import PoolProxiedConnection
from tests.db.opened import Place
from tests.db.postgres import Postgres
from tests.db.test_group_commit import failures, marks, put

from solvent.db.engine import WRITE
from solvent.values.errors import Unavailable

Row = tuple[str, str]
SOON_S = 20.0  # far more than any of this takes: a writer that died must fail a test, not hang it


def test_another_process_may_write_between_what_a_work_reads_and_what_it_writes(place: Place) -> None:
    """The writer takes its turn before it reads: whoever else writes waits, and nobody is told that it is locked."""
    began = threading.Event()

    def elsewhere() -> None:
        assert began.wait(SOON_S)
        engine = place.engine()
        with engine.connect().execution_options(**WRITE) as connection, connection.begin():
            assert marks(connection) == {"here": ""}
            put(connection, [("elsewhere", "")])
        engine.dispose()

    def read_then_write(connection: Connection) -> None:
        assert marks(connection) == {}
        began.set()
        time.sleep(0.3)
        put(connection, [("here", "")])

    async def story() -> None:
        async with place.opened() as database:
            other = asyncio.create_task(asyncio.to_thread(elsewhere))
            await asyncio.wait_for(database.write(read_then_write), SOON_S)
            await other
            assert await database.read(marks) == {"here": "", "elsewhere": ""}

    asyncio.run(story())


def test_two_writers_count_together_without_losing_one(place: Place) -> None:
    def count(connection: Connection) -> None:
        value = int(marks(connection).get("count", "0")) + 1
        changed = {"value": str(value)}
        if not connection.execute(text("UPDATE marks SET value = :value WHERE name = 'count'"), changed).rowcount:
            put(connection, [("count", str(value))])

    async def story() -> None:
        async with place.opened() as one, place.opened() as other:
            await asyncio.gather(*(database.write(count) for _ in range(60) for database in (one, other)))
            assert await one.read(marks) == {"count": "120"}

    asyncio.run(story())


def test_a_lost_connection_fails_what_was_under_way_and_is_opened_anew(postgres: Postgres, tmp_path: Path) -> None:
    """The network, or a database that was started again: whoever waited is told, the next one is served."""
    place = Place(tmp_path, postgres.database())
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    async def story() -> None:
        async with place.opened() as database:
            await database.append([(put, ("before", ""))])
            engine = place.engine()
            for n in range(3):
                with engine.connect() as connection:
                    assert len(connection.execute(text(others)).all()) > 0
                outcomes = await failures([database.append([(put, (f"{n} {m}", ""))]) for m in range(5)])
                assert {type(outcome) for outcome in outcomes} <= {Unavailable, type(None)}
                await asyncio.wait_for(database.append([(put, (f"after {n}", ""))]), SOON_S)
                found = await database.read(marks)
                assert {"before", f"after {n}"} <= found.keys()
                lost = {f"{n} {m}" for m in range(5)} - found.keys()
                assert len(lost) == sum(outcome is not None for outcome in outcomes), "told and done are the same"
                engine.dispose()
            assert database.failure == ""

    asyncio.run(story())


def test_a_connection_lost_while_committing_is_told_as_not_known(postgres: Postgres, tmp_path: Path) -> None:
    """The commit came to pass and its answer was lost: nobody may be told that nothing was charged."""
    place = Place(tmp_path, postgres.database())

    async def story() -> None:
        async with place.opened() as database:
            original = database.engine.dialect.do_commit
            cut: list[bool] = []

            def commit_and_lose(dbapi_connection: PoolProxiedConnection) -> None:
                original(dbapi_connection)
                if threading.current_thread().name == "solvent-writer" and len(cut) < 2:
                    cut.append(True)
                    raise pg8000.InterfaceError("network error")

            database.engine.dialect.do_commit = commit_and_lose  # type: ignore[method-assign]
            [group] = await failures([database.append([(put, ("group", ""))])])
            with pytest.raises(Unavailable) as caught:
                await asyncio.wait_for(database.write(lambda c: put(c, [("work", "")])), SOON_S)
            for told in (group, caught.value):
                assert isinstance(told, Unavailable)
                assert told.code == "books_unknown"
                assert "not known" in told.message
                assert told.retry_after_s is None, "who repeats it unasked may pay twice"
            assert await database.read(marks) == {"group": "", "work": ""}
            await asyncio.wait_for(database.append([(put, ("after", ""))]), SOON_S)
            assert database.failure == ""

    asyncio.run(story())
