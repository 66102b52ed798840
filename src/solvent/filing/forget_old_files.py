"""Delete the files whose time is over, those that were cut off, and the bytes of all that are gone."""

from __future__ import annotations

from functools import partial

from solvent.db.port import Connection, Database
from solvent.filing import store
from solvent.values.instant import US_PER_S
from solvent.values.limits import FILE_ARRIVES_S_MAX, FILE_PIECES_AT_ONCE, FILES_DROPPED_AT_ONCE


async def forget_old_files(database: Database, now_us: int) -> None:
    """Little by little: no transaction deletes more than some pieces of one file."""

    def drop(connection: Connection) -> int:
        since_us = now_us - FILE_ARRIVES_S_MAX * US_PER_S
        return store.drop_over(connection, now_us, since_us, FILES_DROPPED_AT_ONCE)

    while await database.write(drop) == FILES_DROPPED_AT_ONCE:
        pass
    while await database.write(partial(store.forget_gone, most=FILE_PIECES_AT_ONCE)):
        pass
