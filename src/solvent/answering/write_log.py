"""Write what waits for the request log, until nothing does: masked first, in a thread, so that answers go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from solvent.answering import logged_store
from solvent.answering.heard import Heard
from solvent.answering.logbook import Logbook
from solvent.answering.logged import Logged, logged
from solvent.db.port import Database
from solvent.values.limits import LOG_WRITTEN_AT_ONCE


async def write_log(logbook: Logbook, database: Database) -> None:
    """What cannot be made or written is dropped and counted, each entry by itself: nobody waits for it."""
    try:
        while some := logbook.take(LOG_WRITTEN_AT_ONCE):
            rows = await asyncio.to_thread(_rows, some, logbook)
            done = await asyncio.gather(*(_write(row, database) for row in rows), return_exceptions=True)
            written = done.count(None)
            logbook.written += written
            logbook.dropped += len(some) - written
    finally:
        logbook.is_written = False


async def _write(row: Logged, database: Database) -> None:
    await database.append([(logged_store.append, row)])


def _rows(some: Sequence[Heard], logbook: Logbook) -> list[Logged]:
    rows = list[Logged]()
    for heard in some:
        with suppress(Exception):  # whatever it was: its words could repeat the texts
            rows.append(logged(heard, logbook.redacts(heard.terms.redact)))
    return rows
