"""Group commit: one writer thread, which commits again as soon as the last commit ended.

Whatever came in meanwhile shares one sync of the disk: no timer to tune, and on a busy disk the
groups grow by themselves (measured against timers: facts/DATA_PLANE.md, "Persistence"). So they do
where the event loop is busy: a group is closed by the first turn of the loop that adds nothing to it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from asyncio import Future
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from solvent.db.engine import READ, WRITE, for_writing, group_of
from solvent.db.kept_back import Kept, KeptBack
from solvent.db.port import Entry, Journal, Make, Then
from solvent.db.turns import NotSynced
from solvent.values.errors import Unavailable
from solvent.values.limits import COMMIT_ENTRIES_MAX, COMMIT_QUEUE_MAX

log = logging.getLogger("solvent.db")

T = TypeVar("T")
Group = tuple[Sequence[Entry], "Future[None] | _Told | None"]
Work = tuple[Callable[[Connection], Any], "Future[Any]"]
Outcome = tuple["Future[Any] | _Told | None", Any, Exception | None]
# A locked or full disk, a lost database: these fail every group alike.
_ALIKE = (OperationalError, InterfaceError, sqlite3.OperationalError, OSError)
LATER_S = 0.05  # what nobody waits for is written with the next commit, or after this long
GATHER_S = 0.005  # the longest that a group stays open while every turn of the loop adds to it


class _Told:
    """Whoever wants to know of a commit without a future of their own: one turn of the event loop less."""

    __slots__ = ("_then",)

    def __init__(self, then: Then) -> None:
        self._then = then

    def done(self) -> bool:
        """Nobody leaves who has not been told."""
        return False

    def set_result(self, _nothing: None) -> None:
        """It is durable."""
        self._tell(None)

    def set_exception(self, error: Exception) -> None:
        """It is not."""
        self._tell(error)

    def _tell(self, error: Exception | None) -> None:
        try:
            self._then(error)
        except Exception:  # the others are told all the same
            log.exception("whoever was told of a commit broke")


class GroupCommit:
    """The database of one process. Built inside a running event loop; see `Database` for its promises."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._alike = _alike(engine)
        self._loop = asyncio.get_running_loop()
        self._groups: deque[Group] = deque()
        self._works: deque[Work] = deque()
        self._kept_back = KeptBack(self._loop, self._queue_for_nobody)
        self._wake = threading.Event()
        self._came = 0  # groups that somebody waits for, so far
        self._known = 0  # of them, those of the turns before this one
        self._closes_s: float | None = None  # when the open group is closed at the latest; None where none is open
        self._stopping = False
        self._is_dead = False  # the writer ended, and nobody asked it to
        self.failure = ""  # why the last commit failed; empty while the books can be written
        self.commits = 0
        self._taken: tuple[list[Group], list[Work]] = ([], [])  # out of the queues, and nobody told yet
        self._thread = threading.Thread(target=self._run, name="solvent-writer", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        return await asyncio.to_thread(self._read, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        self._demand_open()
        self._kept_back.queue_all()
        future: Future[T] = self._loop.create_future()
        self._works.append((work, future))
        self._wake.set()
        return await future

    def append(self, entries: Sequence[Entry]) -> Future[None]:
        """See `Database.append`."""
        self._demand_open()
        future: Future[None] = self._loop.create_future()
        self._queue(entries, future)
        return future

    def append_then(self, entries: Sequence[Entry], then: Then) -> None:
        """See `Database.append_then`."""
        self._demand_open()
        self._queue(entries, _Told(then))

    def _queue(self, entries: Sequence[Entry], waiting: Future[None] | _Told) -> None:
        self._groups.append((entries, waiting))
        self._came += 1
        if self._closes_s is None:
            self._closes_s = self._loop.time() + GATHER_S
            self._known = self._came - 1  # a whole turn passes before it may be closed
            self._loop.call_soon(self._gather)

    def _gather(self) -> None:
        """Once a turn of the loop: a commit costs as much for one answer as for ten, and where each turn brings
        another one nobody is kept waiting who would not wait for the loop."""
        assert self._closes_s is not None, "a group is open"
        if self._came == self._known or self._loop.time() >= self._closes_s:
            self._closes_s = None
            self._wake.set()
        else:
            self._known = self._came
            self._loop.call_soon(self._gather)

    def append_later(self, entries: Sequence[Entry]) -> None:
        """See `Database.append_later`."""
        self._demand_open()
        self._groups.append((entries, None))

    def keep_back(self, make: Make) -> Kept:
        """See `Database.keep_back`."""
        self._demand_open()
        return self._kept_back.keep(make)

    def _queue_for_nobody(self, entries: Sequence[Entry]) -> None:
        self._groups.append((entries, None))
        self._wake.set()

    async def close(self) -> None:
        """Write all that is queued, then stop."""
        self._kept_back.close()
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join)
        self.engine.dispose()

    def _demand_open(self) -> None:
        if len(self._groups) >= COMMIT_QUEUE_MAX:
            message = "the books cannot be written fast enough now; ask again in a moment"
            raise Unavailable("books_overloaded", message, retry_after_s=2)
        if self._stopping:
            raise Unavailable("books_closed", "the service is stopping; ask again when it is back")
        if self._is_dead:
            raise _unwritten()

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return self._read_once(work)
        except OSError:  # so the driver calls a connection that was lost; the pool may hold more of them
            self.engine.dispose()
            return self._read_once(work)

    def _read_once(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect().execution_options(**READ) as connection:
            return work(connection)

    def _run(self) -> None:
        try:
            with self.engine.connect().execution_options(**WRITE) as connection:
                for_writing(connection)
                self._write_on(connection)
        except BaseException as wrong:  # whatever it was: nobody may wait for ever for a thread that is gone
            self._die(wrong)

    def _write_on(self, connection: Connection) -> None:
        while True:
            self._wake.wait(LATER_S)
            self._wake.clear()
            is_last = self._stopping
            if self._groups or self._works:
                self._tell(self._commit(connection))
                self._taken = ([], [])
            if is_last:  # and nothing has come since: closed books take nothing more
                return

    def _die(self, wrong: BaseException) -> None:
        """The writer is at its end: tell everybody who waits, and refuse whoever comes."""
        self.failure = f"the writer ended: {wrong!r}"[:500]
        self._is_dead = True
        log.critical("the books can be written no more, start the service again: %s", self.failure, exc_info=wrong)
        groups, works = self._taken
        # What was under way may have been committed before it broke.
        self._tell([(future, None, _unknown()) for _, future in (*groups, *works)])
        left = [*(self._groups.popleft() for _ in range(len(self._groups)))]
        later = [*(self._works.popleft() for _ in range(len(self._works)))]
        self._tell([(future, None, _unwritten()) for _, future in (*left, *later)])

    def _commit(self, connection: Connection) -> list[Outcome]:
        """Write what is queued now: all groups in one transaction, each work in its own."""
        # Popped one by one: a list that is swapped loses what is being added to it in that instant. Works first:
        # what was queued before one of them is then among the groups, and is written before it.
        works = [self._works.popleft() for _ in range(len(self._works))]
        groups = [self._groups.popleft() for _ in range(len(self._groups))]
        self._taken = (groups, works)
        outcomes: list[Outcome] = []
        for start in range(0, len(groups), COMMIT_ENTRIES_MAX):
            outcomes += self._commit_groups(connection, groups[start : start + COMMIT_ENTRIES_MAX])
        for work, future in works:
            is_done = False
            try:
                with connection.begin():
                    result = work(connection)
                    is_done = True  # all but its commit
                outcomes.append((future, result, None))
            except BaseException as wrong:  # whoever asked for the work is told, and the writer lives on
                outcomes.append((future, None, self._told(connection, wrong, is_done=is_done)))
        self.commits += 1
        return outcomes

    def _commit_groups(self, connection: Connection, groups: list[Group]) -> list[Outcome]:
        is_done = False
        try:
            with group_of(connection):
                _write(connection, [entry for entries, _ in groups for entry in entries])
                is_done = True  # all but the commit
        except BaseException as wrong:
            if len(groups) > 1 and not isinstance(wrong, self._alike):
                # find the one at fault: the others must not fail with it
                return [out for group in groups for out in self._commit_groups(connection, [group])]
            self.failure = str(wrong)[:500]
            log.error("the books could not be written: %s", self.failure)
            self._reconnect(connection, wrong)
            is_known = not (is_done and self._is_lost(wrong))
            return [(future, None, _unwritten() if is_known else _unknown()) for _, future in groups]
        self.failure = ""
        return [(future, None, None) for _, future in groups]

    def _told(self, connection: Connection, wrong: BaseException, *, is_done: bool) -> Exception:
        """What whoever asked for a work is told of its failure: the database's own words are for the log.

        What is meant for a thread or a task, such as SystemExit, is not passed on to another: it is said as a defect.
        """
        if isinstance(wrong, self._alike):
            log.error("the books could not be written: %s", wrong)
            self._reconnect(connection, wrong)
            return _unknown() if is_done and self._is_lost(wrong) else _unwritten()
        if isinstance(wrong, Exception) and not isinstance(wrong, StopIteration):
            return wrong
        log.error("a work on the books ended with %r", wrong)
        defect = RuntimeError(f"a work on the books ended with {wrong!r}; nothing of it was written")
        defect.__cause__ = wrong
        return defect

    def _is_lost(self, wrong: BaseException) -> bool:
        """Whether the connection broke: then a commit that was sent may have come to pass, and nobody here knows. So is
        it where the disk did not take what was committed."""
        if isinstance(wrong, NotSynced):
            return True
        return self.engine.dialect.name == "postgresql" and isinstance(wrong, self._alike)

    def _reconnect(self, connection: Connection, wrong: BaseException) -> None:
        """A connection that is gone is opened anew at the next commit."""
        if self._is_lost(wrong):
            connection.invalidate()

    def _tell(self, outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:
            return  # the loop is gone, and with it everybody who waited


def _write(connection: Connection, entries: list[Entry]) -> None:
    rows: dict[Journal, list[Any]] = {}
    for journal, row in entries:
        if journal in rows:
            rows[journal].append(row)
        else:
            rows[journal] = [row]
    for journal, batch in rows.items():
        journal(connection, batch)


def _unwritten() -> Unavailable:
    message = "the books could not be written, so nothing was charged; ask again in a moment"
    return Unavailable("books_unavailable", message, retry_after_s=5)


def _unknown() -> Unavailable:
    message = (
        "the books were cut off in the moment of writing: whether it was written and charged is not known here; "
        "before asking again look it up, an answer with GET /v1/answers/ and the id in its header x-request-id"
    )
    return Unavailable("books_unknown", message)


def _resolve(outcomes: list[Outcome]) -> None:
    for future, result, error in outcomes:
        if future is None or future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


def _alike(engine: Engine) -> tuple[type[Exception], ...]:
    """Postgres's driver raises an error of its own bare; it is loaded only where the books are there."""
    if engine.dialect.name != "postgresql":
        return _ALIKE
    return (*_ALIKE, engine.dialect.loaded_dbapi.InterfaceError)
