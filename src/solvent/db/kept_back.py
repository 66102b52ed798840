"""Rows that may soon be needless: kept back for a moment, then queued unless they were taken back by then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from solvent.db.port import Entry

KEPT_S: Final = 0.05  # longer than a short answer takes, and still soon enough for whoever looks for open holds


class Kept:
    """Rows that somebody may take back."""

    __slots__ = ("_among", "due_s", "entries")

    def __init__(self, entries: Sequence[Entry], due_s: float, among: dict[Kept, None]) -> None:
        self.entries = entries
        self.due_s = due_s
        self._among = among
        among[self] = None

    def take_back(self) -> bool:
        """See `Kept.take_back` of the port."""
        is_here = self in self._among
        if is_here:
            del self._among[self]
        return is_here


class KeptBack:
    """All that one process keeps back, the oldest first. Used within the event loop alone, by one timer for all.

    queue: what is given the rows that nobody took back in time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, queue: Callable[[Sequence[Entry]], None]) -> None:
        self._loop = loop
        self._queue = queue
        self._all: dict[Kept, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, entries: Sequence[Entry]) -> Kept:
        """Keep rows back, for `KEPT_S` at most."""
        due_s = self._loop.time() + KEPT_S
        if self._timer is None:
            self._timer = self._loop.call_at(due_s, self._look)
        return Kept(entries, due_s, self._all)

    def queue_all(self) -> None:
        """Keep nothing back any longer."""
        for kept in self._all:
            self._queue(kept.entries)
        self._all.clear()

    def _look(self) -> None:
        """It is time for the oldest of those that were there as the timer was set, if it still is."""
        self._timer = None
        now_s = self._loop.time()
        due = [kept for kept in self._all if kept.due_s <= now_s]
        for kept in due:
            del self._all[kept]
            self._queue(kept.entries)
        if self._all:
            self._timer = self._loop.call_at(next(iter(self._all)).due_s, self._look)

    def close(self) -> None:
        """Queue what is left, and look no more."""
        self.queue_all()
        if self._timer is not None:
            self._timer.cancel()
