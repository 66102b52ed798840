"""The live view: receipts as they are booked, and today's sums, handed to whoever watches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from solvent.answering.desk import Desk
from solvent.answering.receipt import Receipt
from solvent.margin.line import MarginLine, MarginSums, total
from solvent.margin.tally import tally
from solvent.values.errors import Unavailable

RECEIPTS_KEPT = 50
WATCHERS_MAX = 64
BEHIND_MAX = 500  # receipts a slow watcher may fall behind before it misses some


class Live:
    """One process's live view. Today's sums start from the books and grow with every receipt."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watchers: set[asyncio.Queue[Receipt]] = set()
        self._day = -1
        self.receipts: deque[Receipt] = deque(maxlen=RECEIPTS_KEPT)
        self.sums = MarginSums()

    async def start(self) -> None:
        """Read what is on the books already, then listen."""
        desk = self._desk
        self._day = desk.day(desk.now_us())
        self.sums = total(await tally("model", self._day, desk.currency, desk.database), desk.currency).sums
        desk.listeners.append(self._hear)

    @property
    def today(self) -> MarginLine:
        """Today's profit and loss so far."""
        return MarginLine("today", self._desk.currency, self.sums)

    async def watch(self) -> AsyncGenerator[Receipt, None]:
        """Receipts from now on. Raises Unavailable when too many watch already."""
        if len(self._watchers) >= WATCHERS_MAX:
            raise Unavailable("too_many_watchers", f"{WATCHERS_MAX} live views are open already; close one")
        mine: asyncio.Queue[Receipt] = asyncio.Queue(BEHIND_MAX)
        self._watchers.add(mine)
        try:
            while True:
                yield await mine.get()
        finally:
            self._watchers.discard(mine)

    def _hear(self, receipt: Receipt, sums: MarginSums) -> None:
        day = self._desk.day(receipt.at_us)
        if day != self._day:
            self._day, self.sums = day, MarginSums()
        self.receipts.append(receipt)
        self.sums.add(sums)
        for watcher in self._watchers:
            if not watcher.full():
                watcher.put_nowait(receipt)
