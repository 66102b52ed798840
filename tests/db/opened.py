"""A real database in a directory, opened and closed as the service does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[GroupCommit]:
    """SQLite with its one writer; what is queued at the end is written."""
    database = GroupCommit(open_engine(directory))
    try:
        yield database
    finally:
        await database.close()
