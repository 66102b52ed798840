"""A story without waiting: books that do everything at once, in the caller's thread, and a loop whose time jumps.

So it runs the same every time, and quickly. The books keep the promises of `Database`: what is queued first is
written first, and what belongs together in one commit.
"""

from __future__ import annotations

import asyncio
import selectors
from asyncio import Future
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event
from tests.db.opened import lay_empty_books

from solvent.db.engine import READ, WRITE, open_engine
from solvent.db.kept_back import Kept, KeptBack
from solvent.db.port import Entry, Journal, Make, Then
from solvent.values.errors import Unavailable

T = TypeVar("T")


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its clock stands while there is something to do, and jumps to the next thing that somebody waits for."""

    def __init__(self) -> None:
        super().__init__(_Jumping(self))
        self._jumped_s = 0.0

    def time(self) -> float:
        """See `AbstractEventLoop.time`."""
        return self._jumped_s

    def jump(self, seconds: float) -> None:
        """Nobody has anything to do for so long."""
        self._jumped_s += seconds


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for nothing but what is not a matter of time."""
        if timeout:
            self._loop.jump(timeout)
        return super().select(None if timeout is None else 0)


def run_without_waiting(story: Coroutine[Any, Any, None]) -> None:
    """Run a story in such a loop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(story)


def open_without_waiting(directory: Path) -> Engine:
    """The books on SQLite, without a sync of the disk at each commit: nothing here pulls the plug."""
    lay_empty_books(directory)
    engine = open_engine(directory)
    engine.dispose()
    event.listen(engine, "connect", lambda raw, _record: setattr(raw, "is_synced_here", False))
    return engine


class InlineBooks:
    """One process's way to the books."""

    def __init__(self, engine: Engine) -> None:
        self._is_lost = False
        self._writer = engine.connect().execution_options(**WRITE)
        self._reader = engine.connect().execution_options(**READ)
        self._later: list[Entry] = []
        self._kept_back = KeptBack(asyncio.get_running_loop(), self._later.extend)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        self._demand_here()
        with self._reader.begin():
            return work(self._reader)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        self._kept_back.queue_all()
        self._flush([])
        with self._writer.begin():
            return work(self._writer)

    def append(self, entries: Sequence[Entry]) -> Future[None]:
        """See `Database.append`."""
        done: Future[None] = asyncio.get_running_loop().create_future()
        self._flush(entries)
        done.set_result(None)
        return done

    def append_then(self, entries: Sequence[Entry], then: Then) -> None:
        """See `Database.append_then`."""
        self._flush(entries)
        then(None)  # at once: a story sees an answer end in the moment in which its pots are given back to

    def append_later(self, entries: Sequence[Entry]) -> None:
        """See `Database.append_later`."""
        self._demand_here()
        self._later += entries

    def keep_back(self, make: Make) -> Kept:
        """See `Database.keep_back`."""
        self._demand_here()
        return self._kept_back.keep(make)

    def close(self) -> None:
        """Write what is queued and let go, if it is not lost."""
        if not self._is_lost:
            self._kept_back.queue_all()
            self._flush([])
            self.lose()

    def lose(self) -> None:
        """The process is gone, and whatever it had queued with it."""
        self._is_lost = True
        self._writer.close()
        self._reader.close()

    def _demand_here(self) -> None:
        if self._is_lost:
            raise Unavailable("books_closed", "this process is gone")

    def _flush(self, entries: Sequence[Entry]) -> None:
        self._demand_here()
        entries = [*self._later, *entries]
        self._later.clear()
        rows: dict[Journal, list[Any]] = {}
        for journal, row in entries:
            rows.setdefault(journal, []).append(row)
        if rows:
            with self._writer.begin():
                for journal, batch in rows.items():
                    journal(self._writer, batch)
