"""What every test may ask for: books on a real SQLite and on a real Postgres."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.opened import Place
from tests.db.postgres import Postgres, running_postgres

from solvent.db.engine import FILE_NAME, open_engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that at the end no process waits for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A Postgres cluster of this test run's own."""
    with running_postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of books with today's tables and nothing in them: migrated once, not for every test."""
    folder = tmp_path_factory.mktemp("empty")
    open_engine(folder).dispose()
    return folder / FILE_NAME


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a test's books are; the test runs once on each database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_books"), tmp_path)
        yield Place(tmp_path)
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.database()
    yield Place(tmp_path, url)
    cluster.take_back(url)
