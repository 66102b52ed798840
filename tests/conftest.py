"""What every test may ask for: books on a real SQLite and on a real Postgres."""

from __future__ import annotations

import gc
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.opened import Place, lay_empty_books
from tests.db.postgres import Postgres, running_postgres

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts what is in its background so, and we inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, then what must stay together, so that at the end no process waits for one of them."""
    sizes = Counter(_together(item) for item in items)
    slow = {_together(item) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (_together(item) not in slow, -sizes[_together(item)]))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection of garbage need look through it again."""
    gc.freeze()


def _together(item: pytest.Item) -> str:
    """What the processes of a test run divide among them: a group, or else a single test."""
    group = item.get_closest_marker("xdist_group")
    return str(group.args[0]) if group else item.nodeid


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
