"""The books as use cases get them, on either database, for tests that need nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit


@asynccontextmanager
async def opened(directory: Path, url: str = "") -> AsyncIterator[GroupCommit]:
    """The books with their one writer; what is queued at the end is written."""
    database = GroupCommit(open_engine(directory, url))
    try:
        yield database
    finally:
        await database.close()


@dataclass(frozen=True)
class Place:
    """Where one test's books are: a folder, or a database behind an URL. Open it as often as you like."""

    directory: Path
    url: str = ""

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[GroupCommit]:
        """See `opened`."""
        async with opened(self.directory, self.url) as database:
            yield database

    def engine(self) -> Engine:
        """For a look from outside; dispose of it."""
        return open_engine(self.directory, self.url)
