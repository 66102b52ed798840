"""Presence: a process is alive until the operating system or the database knows that it is not; no clock is asked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from tests.db.opened import Place

from solvent.db.presence import FOLDER, Presence

SOON_S = 10.0
Child = subprocess.Popen[str]


@contextmanager
def child(place: Place, holder: str) -> Iterator[Child]:
    """A real process that is present under this name."""
    arguments = [sys.executable, "-m", "tests.db.present", str(place.directory), holder, place.url]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "here\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    engine = place.engine()
    yield engine
    engine.dispose()


@pytest.fixture
def me(place: Place, engine: Engine) -> Iterator[Presence]:
    presence = Presence(engine, place.directory, "proc_me")
    yield presence
    presence.leave()


def soon(condition: Callable[[], bool]) -> bool:
    """Postgres sees a lost client when it next listens to it, which is at once but not yet."""
    latest = time.monotonic() + SOON_S
    while not condition():
        if time.monotonic() > latest:
            return False
        time.sleep(0.01)
    return True


def test_who_is_present_is_alive_and_who_never_was_is_not(me: Presence) -> None:
    assert me.is_alive("proc_me")
    assert me.is_held()
    assert not me.is_alive("proc_other")
    assert not me.is_alive("")


def test_a_process_is_alive_until_it_is_killed(place: Place, me: Presence) -> None:
    with child(place, "proc_1") as process:
        for _ in range(30):  # asking does not take its place
            assert me.is_alive("proc_1")
        process.kill()
        process.wait()
        assert soon(lambda: not me.is_alive("proc_1"))
        for _ in range(3):
            assert not me.is_alive("proc_1")


def test_a_process_that_stands_still_is_alive(place: Place, me: Presence) -> None:
    """However long it does: its answers may go on later, and nobody may take their money meanwhile."""
    with child(place, "proc_1") as process:
        os.kill(process.pid, 19)  # SIGSTOP
        assert me.is_alive("proc_1")
        os.kill(process.pid, 18)  # SIGCONT
        assert me.is_alive("proc_1")


@pytest.mark.parametrize("word", ["leave", "forget"])
def test_a_process_that_leaves_or_ends_is_gone(place: Place, me: Presence, word: str) -> None:
    with child(place, "proc_1") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{word}\n")
        process.stdin.flush()
        if word == "leave":
            assert process.stdout.readline() == "gone\n"
            assert process.poll() is None
            assert soon(lambda: not me.is_alive("proc_1")), "it still runs, but its place is given up"
        else:
            process.wait(SOON_S)
            assert soon(lambda: not me.is_alive("proc_1"))


def test_two_ask_for_each_other_and_both_are_alive(place: Place, engine: Engine, me: Presence) -> None:
    other_engine = place.engine()
    other = Presence(other_engine, place.directory, "proc_other")
    try:
        assert me.is_alive("proc_other")
        assert other.is_alive("proc_me")
        assert me.is_held()
        assert other.is_held()
    finally:
        other.leave()
        other_engine.dispose()
    assert soon(lambda: not me.is_alive("proc_other"))


def test_leaving_twice_is_leaving_once(place: Place, engine: Engine) -> None:
    presence = Presence(engine, place.directory, "proc_1")
    presence.leave()
    presence.leave()
    again = Presence(engine, place.directory, "proc_2")
    assert not again.is_alive("proc_1")
    again.leave()


def test_those_who_share_the_books_are_counted(place: Place, me: Presence) -> None:
    assert me.count() == 1
    with child(place, "proc_1") as one, child(place, "proc_2"):
        assert me.count() == 3
        one.kill()
        one.wait()
        assert soon(lambda: me.count() == 2)
    assert soon(lambda: me.count() == 1)


def test_many_who_ask_at_once_hear_the_same(place: Place, me: Presence) -> None:
    """Asking is not holding: whoever asks is never taken for the one that is asked for, nor stands in another's way."""
    with child(place, "proc_1") as process:
        process.kill()
        process.wait()
        assert soon(lambda: not me.is_alive("proc_1"))
    (place.directory / FOLDER).mkdir(exist_ok=True)

    def ask(_n: int) -> list[bool]:
        (place.directory / FOLDER / "proc_1").touch()  # as if the dead had only just died
        return [me.is_alive("proc_1") for _ in range(60)]

    with ThreadPoolExecutor(4) as crowd:
        assert not any(alive for answers in crowd.map(ask, range(12)) for alive in answers)


def test_nobody_who_is_just_arriving_is_taken_for_dead(place: Place, engine: Engine, me: Presence) -> None:
    """A process that counts the others meets one that has not got its lock yet."""
    arriving = threading.Event()

    def count() -> None:
        while not arriving.is_set():
            assert me.count() >= 1

    with ThreadPoolExecutor(1) as crowd:
        counting = crowd.submit(count)
        try:
            for n in range(30 if place.url else 600):
                presence = Presence(engine, place.directory, f"proc_{n}")
                assert me.is_alive(f"proc_{n}")
                presence.leave()
        finally:
            arriving.set()
        counting.result()


def test_the_dead_leave_nothing_behind(place: Place, me: Presence) -> None:
    if place.url:
        pytest.skip("Postgres keeps no files of ours")
    with child(place, "proc_1") as process:
        process.kill()
        process.wait()
    assert {path.name for path in (place.directory / FOLDER).iterdir()} == {"proc_1", "proc_me"}
    assert not me.is_alive("proc_1")
    assert {path.name for path in (place.directory / FOLDER).iterdir()} == {"proc_me"}


def test_whoever_loses_its_session_knows_it_and_is_dead_to_others(place: Place, engine: Engine, me: Presence) -> None:
    """A network that is cut for long: the database lets go, and the process must not go on as if nothing were."""
    if not place.url:
        pytest.skip("a file's lock cannot be lost")
    other_engine = place.engine()
    other = Presence(other_engine, place.directory, "proc_other")
    with engine.connect() as connection:
        holders = text(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT DISTINCT pid FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()) AS holders"
        )
        assert connection.execute(holders).scalar() == 2
    assert soon(lambda: not other.is_held())
    assert not other.is_held()
    assert not me.is_held()
    assert not other.is_alive("proc_me")
    other.leave()
    other_engine.dispose()


def test_a_folder_that_cannot_be_written_is_an_error_and_not_a_place(tmp_path: Path) -> None:
    engine = Place(tmp_path).engine()
    (tmp_path / FOLDER).write_text("a file is in the way")
    with pytest.raises(OSError, match="File exists"):
        Presence(engine, tmp_path, "proc_1")
    engine.dispose()
