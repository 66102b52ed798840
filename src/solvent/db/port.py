"""What use cases ask of the database: read, write, and append to journals without waiting in line."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection as Connection

T = TypeVar("T")
# Writes rows of one journal inside a commit it does not own; lives in a room's store.py.
Journal = Callable[[Connection, list[Any]], None]
Entry = tuple[Journal, Any]
Then = Callable[[Exception | None], None]
Make = Callable[[], Sequence[Entry]]


class Kept(Protocol):
    """Rows that are kept back for a moment, see `Database.keep_back`."""

    def take_back(self) -> bool:
        """Whether they were still kept back: then they are never written."""
        ...


class Database(Protocol):
    """Transactions belong to the database: stores never begin or end one."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection of its own, in a thread. It must not write."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own, in the writer's thread; durable when it returns."""
        ...

    def append(self, entries: Sequence[Entry]) -> Future[None]:
        """Queue rows that belong together for the next group commit; the future is done when they are durable.

        They are committed together or not at all. Raises Unavailable when the queue is full.
        """
        ...

    def append_then(self, entries: Sequence[Entry], then: Then) -> None:
        """The same for whoever wants to know without waiting: `then` is called in the event loop, with None when the
        rows are durable, or with why they are not. It is quick and raises nothing.
        """
        ...

    def append_later(self, entries: Sequence[Entry]) -> None:
        """Queue rows that nobody waits for: they go with the next commit, at most a few hundredths of a second on.

        Rows queued earlier are never written after rows queued later. Raises Unavailable when the queue is full.
        """
        ...

    def keep_back(self, make: Make) -> Kept:
        """Keep rows back that nobody waits for and that may soon be needless. They are made and queued after a moment,
        see `kept_back.KEPT_S`, or before the next `write`, unless they are taken back.

        make: makes them; it is quick and raises nothing. Raises Unavailable when the queue is full.
        """
        ...
