"""Rows that may soon be needless: kept back for a moment, then made and queued unless they were taken back by then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from solvent.db.port import Entry, Make

KEPT_S: Final = 0.05  # longer than a short answer takes, and still soon enough for whoever looks for open holds


class Kept(msgspec.Struct, frozen=True, eq=False):
    """Rows that somebody may take back. among: all that are kept back."""

    make: Make
    due_s: float
    among: dict[Kept, Literal[True]]

    def take_back(self) -> bool:
        """See `Kept.take_back` of the port."""
        return self.among.pop(self, False)


class KeptBack:
    """All that one process keeps back, the oldest first. Used within the event loop alone, by one timer for all.

    queue: what is given the rows that nobody took back in time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, queue: Callable[[Sequence[Entry]], None]) -> None:
        self._loop = loop
        self._queue = queue
        self._all: dict[Kept, Literal[True]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, make: Make) -> Kept:
        """Keep rows back, for `KEPT_S` at most. make: makes them, once nobody can take them back."""
        due_s = self._loop.time() + KEPT_S
        if self._timer is None:
            self._timer = self._loop.call_at(due_s, self._look)
        kept = Kept(make, due_s, self._all)
        self._all[kept] = True
        return kept

    def queue_all(self) -> None:
        """Keep nothing back any longer."""
        for kept in self._all:
            self._queue(kept.make())
        self._all.clear()

    def _look(self) -> None:
        """It is time for the oldest of those that were there as the timer was set, if it still is."""
        self._timer = None
        now_s = self._loop.time()
        due = [kept for kept in self._all if kept.due_s <= now_s]
        for kept in due:
            del self._all[kept]
            self._queue(kept.make())
        if self._all:
            self._timer = self._loop.call_at(next(iter(self._all)).due_s, self._look)

    def close(self) -> None:
        """Queue what is left, and look no more."""
        self.queue_all()
        if self._timer is not None:
            self._timer.cancel()
