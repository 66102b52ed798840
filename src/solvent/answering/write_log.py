"""Write what waits for the request log, until nothing does: masked first, in a thread, so that answers go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from solvent.answering import logged_store
from solvent.answering.heard import Heard
from solvent.answering.logbook import Logbook
from solvent.answering.logged import Logged, logged
from solvent.db.port import Database
from solvent.values.limits import LOG_WRITTEN_AT_ONCE


async def write_log(logbook: Logbook, database: Database) -> None:
    """What cannot be written is dropped and counted: nobody waits for it."""
    try:
        while some := logbook.take(LOG_WRITTEN_AT_ONCE):
            try:
                rows = await asyncio.to_thread(_rows, some, logbook)
                await database.append([(logged_store.append, row) for row in rows])
                logbook.written += len(some)
            except Exception:  # whatever it was: the next are written, and its words could repeat the texts
                logbook.dropped += len(some)
    finally:
        logbook.is_written = False


def _rows(some: Sequence[Heard], logbook: Logbook) -> list[Logged]:
    return [logged(heard, logbook.redacts(heard.terms.redact)) for heard in some]
