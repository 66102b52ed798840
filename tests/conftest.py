"""What every test may ask for: books on a real SQLite and on a real Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.opened import Place
from tests.db.postgres import Postgres, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A Postgres cluster of this test run's own."""
    with running_postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a test's books are; the test runs once on each database."""
    if request.param == "sqlite":
        yield Place(tmp_path)
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.database()
    yield Place(tmp_path, url)
    cluster.take_back(url)
