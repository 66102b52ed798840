"""Read the roll-ups of margins: the one way to them, behind which every answer that is on the books is in them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from solvent.answering.fold_store import fold, is_folded
from solvent.db.port import Connection, Database
from solvent.margin.store import Folded
from solvent.values.errors import Unavailable

T = TypeVar("T")


async def read_margins(work: Callable[[Folded], T], database: Database) -> T:
    """Run `work` in one snapshot, in which are all answers booked before this was called."""

    def look(connection: Connection) -> list[T]:
        return [work(Folded(connection))] if is_folded(connection) else []

    found = await database.read(look)
    if found:
        return found[0]
    with suppress(Unavailable):  # books that cannot be written now are read as they are, but for the last answers
        await database.write(fold)
    return await database.read(lambda connection: work(Folded(connection)))  # what came since is of after the call
