"""Journals of one group, whichever way each of them writes: by the driver, as an answer's do, or by SQLAlchemy."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place
from tests.db.test_group_commit import Row, failures, marks, put

from solvent.db.append import append_rows
from solvent.db.port import Journal
from solvent.ledger.store import marks as marks_table
from solvent.values.errors import Unavailable


def put_by_driver(connection: Connection, rows: list[Row]) -> None:
    """A journal of which SQLAlchemy hears nothing, as those of an answer are."""
    append_rows(connection, marks_table, rows)


@pytest.mark.parametrize(
    "journals",
    [(put_by_driver, put_by_driver), (put_by_driver, put), (put, put_by_driver)],
    ids=["driver", "driver first", "driver last"],
)
def test_a_group_is_one_transaction_whoever_writes_it(place: Place, journals: tuple[Journal, Journal]) -> None:
    """Whether its journals speak to the driver, to SQLAlchemy, or one so and one so."""
    first, second = journals

    async def story() -> None:
        async with place.opened() as database:
            await database.append([(first, ("taken", "0")), (second, ("b", ""))])
            bad = database.append([(first, ("new", "1")), (second, ("taken", "1"))])
            good = database.append([(second, ("c", ""))])
            assert [type(outcome) for outcome in await failures([bad, good])] == [Unavailable, type(None)]
            assert await database.read(marks) == {"taken": "0", "b": "", "c": ""}

    asyncio.run(story())
