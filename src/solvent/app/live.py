"""The live view: receipts as they are booked, and today's sums, handed to whoever watches."""

from __future__ import annotations

import asyncio
from collections import deque

from solvent.answering import store
from solvent.answering.desk import Desk
from solvent.answering.receipt import Receipt
from solvent.margin.line import MarginLine, MarginSums, total
from solvent.margin.tally import tally
from solvent.values.errors import Unavailable

RECEIPTS_KEPT = 50
WATCHERS_MAX = 64
BEHIND_MAX = 500  # receipts a slow watcher may fall behind before it misses some

Watcher = asyncio.Queue[Receipt]


class Live:
    """One process's live view. Receipts and today's sums start from the books and grow with every answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watchers: set[Watcher] = set()
        self._day = -1
        self._sums = MarginSums()
        self.receipts: deque[Receipt] = deque(maxlen=RECEIPTS_KEPT)

    async def start(self) -> None:
        """Read what is on the books already, then listen."""
        desk = self._desk
        self._day = desk.day(desk.now_us())
        self._sums = total(await tally("model", self._day, desk.currency, desk.database), desk.currency).sums
        newest = await desk.database.read(lambda connection: store.newest(connection, RECEIPTS_KEPT))
        self.receipts.extend(reversed(newest))
        desk.listeners.append(self._hear)

    async def read_earned(self) -> None:
        """Take in what plans and packs have earned today: no answer tells of it."""
        desk = self._desk
        self._turn_page(desk.now_us())
        day = self._day
        earned = sum(line.earned.grains for line in await tally("plan", day, desk.currency, desk.database))
        if day == self._day:
            self._sums.earned_grains = earned

    @property
    def today(self) -> MarginLine:
        """Today's profit and loss so far."""
        self._turn_page(self._desk.now_us())
        return MarginLine("today", self._desk.currency, self._sums)

    def watch(self) -> Watcher:
        """Receipts from this moment on; give it back with `leave`.

        Raises Unavailable when too many watch already.
        """
        if len(self._watchers) >= WATCHERS_MAX:
            raise Unavailable("too_many_watchers", f"{WATCHERS_MAX} live views are open already; close one")
        watcher: Watcher = asyncio.Queue(BEHIND_MAX)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Stop watching."""
        self._watchers.discard(watcher)

    def _turn_page(self, at_us: int) -> None:
        day = self._desk.day(at_us)
        if day > self._day:
            self._day, self._sums = day, MarginSums()

    def _hear(self, receipt: Receipt, sums: MarginSums) -> None:
        self._turn_page(receipt.at_us)
        if self._desk.day(receipt.at_us) == self._day:  # not one of yesterday's, told after midnight
            self._sums.add(sums)
        self.receipts.append(receipt)
        for watcher in self._watchers:
            if not watcher.full():
                watcher.put_nowait(receipt)
