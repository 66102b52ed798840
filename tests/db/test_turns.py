"""Writers of one SQLite file take turns: nobody who writes without a pause keeps another waiting for long."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from solvent.db import turns
from solvent.db.engine import WRITE, open_engine
from solvent.db.group_commit import GroupCommit
from solvent.values.errors import Unavailable


def write(engine: Engine) -> None:
    with engine.connect().execution_options(**WRITE) as connection, connection.begin():
        connection.execute(text("CREATE TABLE IF NOT EXISTS spare (n INTEGER)"))
        connection.execute(text("INSERT INTO spare VALUES (1)"))


def read(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT count(*) FROM spare"))


def test_who_writes_without_a_pause_starves_nobody(tmp_path: Path) -> None:
    busy, other = open_engine(tmp_path), open_engine(tmp_path)
    done = threading.Event()
    count = 0

    def write_on() -> None:
        nonlocal count
        while not done.is_set():
            write(busy)
            count += 1

    writing = threading.Thread(target=write_on)
    writing.start()
    try:
        for _ in range(20):
            write(other)
    finally:
        done.set()
        writing.join()
        busy.dispose()
        other.dispose()
    assert count < 200, "the other one had to wait for too many turns"


def test_whoever_has_just_written_lets_the_one_that_waits_write_first(tmp_path: Path) -> None:
    first, second = open_engine(tmp_path), open_engine(tmp_path)
    order: list[str] = []

    def write_second() -> None:
        with second.connect().execution_options(**WRITE) as connection, connection.begin():
            order.append("second")

    with first.connect().execution_options(**WRITE) as connection:
        with connection.begin():
            waiting = threading.Thread(target=write_second)
            waiting.start()
            while not is_next(tmp_path):
                pass
        with connection.begin():  # at once, before the other one has looked again
            order.append("first again")
    waiting.join()
    first.dispose()
    second.dispose()
    assert order == ["second", "first again"]


def is_next(folder: Path) -> bool:
    """Whether somebody has the place next in line."""
    with (folder / "solvent.db-next").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_a_turn_ends_with_its_transaction_however_that_ends(tmp_path: Path) -> None:
    first, second = open_engine(tmp_path), open_engine(tmp_path)
    with first.connect().execution_options(**WRITE) as connection:
        with pytest.raises(OperationalError), connection.begin():
            connection.execute(text("INSERT INTO nowhere VALUES (1)"))
        write(second)
        with pytest.raises(RuntimeError), connection.begin():
            raise RuntimeError
        write(second)
    first.dispose()
    write(second)
    second.dispose()


def test_one_who_never_ends_is_waited_for_and_then_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_S_MAX", 0.05)
    first, second = open_engine(tmp_path), open_engine(tmp_path)
    with first.connect() as holding, second.connect() as waiting:
        holding.execution_options(**WRITE).begin()
        waiting.connection.driver_connection.execute("PRAGMA busy_timeout = 50")  # type: ignore[union-attr]
        with pytest.raises(OperationalError, match="locked"):
            waiting.execution_options(**WRITE).begin()
    write(second)
    first.dispose()
    second.dispose()


def test_a_commit_waits_for_the_disk_and_meanwhile_another_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_engine(tmp_path), open_engine(tmp_path)
    synced: list[str] = []

    def sync(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        if len(synced) == 1:
            write(second)  # in time: its own commit ends before this one has
            synced.append("first")

    monkeypatch.setattr(turns, "_sync_data", sync)
    write(first)
    assert synced == ["solvent.db-wal", "solvent.db-wal", "first"]
    read(first)
    assert len(synced) == 3, "who only reads has nothing to wait for"
    first.dispose()
    second.dispose()


def test_what_the_disk_did_not_take_is_told_as_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others can read it by then, so it is not "nothing was charged"; and the next commit is tried as ever."""

    async def story() -> None:
        database = GroupCommit(open_engine(tmp_path))
        with monkeypatch.context() as broken:
            broken.setattr(turns, "_sync_data", break_off)
            with pytest.raises(Unavailable) as told:
                await database.append([(spare, None)])
            assert told.value.code == "books_unknown"
            with pytest.raises(Unavailable) as told:
                await database.write(lambda connection: spare(connection, []))
            assert told.value.code == "books_unknown"
        await database.append([(spare, None)])
        assert not database.failure
        await database.close()

    asyncio.run(story())


def spare(connection: Connection, _rows: list[None]) -> None:
    connection.execute(text("CREATE TABLE IF NOT EXISTS spare (n INTEGER)"))


def break_off(_file: int) -> None:
    raise OSError(errno.EIO, "the disk is gone")
