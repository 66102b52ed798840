"""What every test may ask for: books on a real SQLite and on a real Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.opened import Place, lay_empty_books
from tests.db.postgres import Postgres, running_postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that at the end no process waits for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A Postgres cluster of this test run's own."""
    with running_postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a test's books are; the test runs once on each database."""
    if request.param == "sqlite":
        lay_empty_books(tmp_path)
        yield Place(tmp_path)
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.database()
    yield Place(tmp_path, url)
    cluster.take_back(url)
