"""The live view: receipts as they are booked, and today's sums, handed to whoever watches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from solvent.answering import store
from solvent.answering.desk import Desk
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt import Receipt, add_to
from solvent.margin import store as margin_store
from solvent.margin.line import KeptBy, MarginLine, MarginSums, total
from solvent.values.errors import Unavailable

RECEIPTS_KEPT = 50
LOOKED_AT = 200  # of the newest receipts, for those that other processes told
KNOWN_MAX = 2_000  # ids of receipts that were heard here
WATCHERS_MAX = 64
BEHIND_MAX = 500  # receipts a slow watcher may fall behind before it misses some

Watcher = asyncio.Queue[Receipt]


class Live:
    """One process's live view. Receipts and today's sums start from the books and grow with every answer.

    What other processes answer from the same books is looked up while somebody watches: answers pay nothing for it.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watchers: set[Watcher] = set()
        self._day = -1
        self._sums = MarginSums()
        self._is_alone = True
        self._known: deque[str] = deque(maxlen=KNOWN_MAX)
        self._receipts: deque[Receipt] = deque(maxlen=RECEIPTS_KEPT)

    async def start(self) -> None:
        """Read what is on the books already, then listen."""
        desk = self._desk
        self._day = desk.day(desk.now_us())
        self._sums = total(await self._lines("model"), desk.currency).sums
        newest = await desk.database.read(lambda connection: store.newest(connection, RECEIPTS_KEPT))
        self._keep(newest[::-1])
        desk.sum_later(self._hear)

    async def look_beside(self) -> None:
        """Take in what other processes have answered, where there are any and somebody watches."""
        if self._watchers:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Take in what other processes have answered, where there are any, or were when it was looked last."""
        desk, was_alone, self._is_alone = self._desk, self._is_alone, self._desk.processes == 1
        if was_alone and self._is_alone:
            return
        self._turn_page(desk.now_us())
        day = self._day
        lines = await self._lines("model")
        newest = await desk.database.read(lambda connection: store.newest(connection, LOOKED_AT))
        desk.sum_up()
        if day == self._day:
            self._sums = total(lines, desk.currency).sums
        known = set(self._known)
        others = [receipt for receipt in newest[::-1] if receipt.id not in known]
        self._keep(others)
        for receipt in others:
            self._show(receipt)

    async def read_earned(self) -> None:
        """Take in what plans and packs have earned today: no answer tells of it."""
        desk = self._desk
        self._turn_page(desk.now_us())
        day = self._day
        earned = sum(line.earned.grains for line in await self._lines("plan"))
        if day == self._day:
            self._sums.earned_grains = earned

    @property
    def receipts(self) -> Sequence[Receipt]:
        """The last that were booked, from old to new."""
        self._desk.sum_up()
        return self._receipts

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
        if not self._watchers:
            self._desk.listeners.append(self._show)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Stop watching."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)
            if not self._watchers:
                self._desk.listeners.remove(self._show)

    async def _lines(self, group_by: KeptBy) -> list[MarginLine]:
        day, currency = self._day, self._desk.currency
        return await read_margins(lambda books: margin_store.lines(books, group_by, day, currency), self._desk.database)

    def _turn_page(self, at_us: int) -> int:
        """To an instant's day, which is returned, where that is a new one."""
        self._desk.sum_up()  # what was booked on the day before
        return self._begin(self._desk.day(at_us))

    def _begin(self, day: int) -> int:
        if day > self._day:
            self._day, self._sums = day, MarginSums()
        return day

    def _hear(self, receipts: Sequence[Receipt]) -> None:
        day, ended_us = self._desk.day, [receipt.at_us for receipt in receipts]
        is_one_day = day(min(ended_us)) == day(max(ended_us))
        for booked in (receipts,) if is_one_day else ([receipt] for receipt in receipts):
            if self._begin(day(booked[0].at_us)) == self._day:  # not those of yesterday, told after midnight
                add_to(self._sums, booked)
        self._keep(receipts)

    def _keep(self, receipts: Sequence[Receipt]) -> None:
        self._known.extend([receipt.id for receipt in receipts])
        self._receipts.extend(receipts)

    def _show(self, receipt: Receipt) -> None:
        for watcher in self._watchers:
            if not watcher.full():
                watcher.put_nowait(receipt)
