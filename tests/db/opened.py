"""The books as use cases get them, on either database, for tests that need nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from solvent.db.engine import FILE_NAME, open_engine
from solvent.db.group_commit import GroupCommit


@cache
def _empty_books() -> bytes:
    with TemporaryDirectory() as folder:
        open_engine(Path(folder)).dispose()
        return (Path(folder) / FILE_NAME).read_bytes()


def lay_empty_books(directory: Path) -> None:
    """A file of books with today's tables and nothing in them, where there is none: migrated once, then copied."""
    file = directory / FILE_NAME
    if not file.exists():
        file.write_bytes(_empty_books())


@asynccontextmanager
async def opened(directory: Path, url: str = "") -> AsyncIterator[GroupCommit]:
    """The books with their one writer; what is queued at the end is written."""
    if not url:
        lay_empty_books(directory)
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
        if not self.url:
            lay_empty_books(self.directory)
        return open_engine(self.directory, self.url)
