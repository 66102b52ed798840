"""The books with everything done at once, in the caller's own thread: a story runs the same every time, and quickly.

It keeps the promises of `Database`: what is queued first is written first, and what belongs together in one commit.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event

from solvent.db.engine import READ, WRITE, open_engine
from solvent.db.port import Entry, Journal
from solvent.values.errors import Unavailable

T = TypeVar("T")


def open_without_waiting(directory: Path) -> Engine:
    """The books on SQLite, without a sync of the disk at each commit: nothing here pulls the plug."""
    engine = open_engine(directory)
    engine.dispose()
    event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous = OFF"))
    return engine


class InlineBooks:
    """One process's way to the books. lost: it is gone, and whatever it had queued with it."""

    def __init__(self, engine: Engine) -> None:
        self.lost = False
        self._writer = engine.connect().execution_options(**WRITE)
        self._reader = engine.connect().execution_options(**READ)
        self._later: list[Entry] = []

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        with self._reader.begin():
            return work(self._reader)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        self._flush([])
        with self._writer.begin():
            return work(self._writer)

    def append(self, entries: Sequence[Entry]) -> Future[None]:
        """See `Database.append`."""
        done: Future[None] = asyncio.get_running_loop().create_future()
        self._flush(entries)
        done.set_result(None)
        return done

    def append_later(self, entries: Sequence[Entry]) -> None:
        """See `Database.append_later`."""
        self._demand_here()
        self._later += entries

    async def close(self) -> None:
        """Write what is queued, unless it is lost, and let go."""
        if not self.lost:
            self._flush([])
        self._writer.close()
        self._reader.close()

    def _demand_here(self) -> None:
        if self.lost:
            raise Unavailable("books_closed", "this process is gone")

    def _flush(self, entries: Sequence[Entry]) -> None:
        self._demand_here()
        entries, self._later = [*self._later, *entries], []
        rows: dict[Journal, list[Any]] = {}
        for journal, row in entries:
            rows.setdefault(journal, []).append(row)
        if rows:
            with self._writer.begin():
                for journal, batch in rows.items():
                    journal(self._writer, batch)
