"""Read a file, piece by piece, so that no file is in memory whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from solvent.db.port import Database
from solvent.filing import store
from solvent.filing.file import File
from solvent.values.limits import FILE_PIECE_BYTES


async def open_file(file: File, database: Database) -> AsyncIterator[bytes]:
    """Its bytes, in order. They end early where it is deleted meanwhile."""
    for starts in range(0, file.size, FILE_PIECE_BYTES):
        ends = min(file.size, starts + FILE_PIECE_BYTES)
        piece = await database.read(partial(store.part, id=file.id, starts=starts, ends=ends))
        if not piece:
            return
        yield piece
