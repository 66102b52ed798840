"""The books of a directory are kept in one currency for good, and their months in the configured zone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.app.config import Config
from solvent.app.database import demand_same_books, has_books, open_database
from solvent.ledger.store import TIME_ZONE, mark
from solvent.values.errors import Invalid, Unavailable

DOLLARS, WON = Config(currency="USD"), Config(currency="KRW")


def test_another_currency_is_refused_and_the_first_one_stays(place: Place) -> None:
    async def run() -> None:
        async with place.opened() as database:

            async def demand(config: Config) -> None:
                await database.write(lambda connection: demand_same_books(connection, config))

            await demand(DOLLARS)
            await demand(DOLLARS)
            with pytest.raises(Invalid) as caught:
                await demand(WON)
            assert caught.value.code == "currency_changed"
            assert "USD" in caught.value.message
            await demand(DOLLARS)

    asyncio.run(run())


def test_months_follow_the_time_zone_of_the_configuration(place: Place) -> None:
    async def run() -> None:
        async with place.opened() as database:
            for name in ("Asia/Seoul", "Europe/Berlin"):
                config = Config(time_zone=name)

                def work(connection: Connection, config: Config = config) -> str:
                    demand_same_books(connection, config)
                    return mark(connection, TIME_ZONE)

                assert await database.write(work) == name

    asyncio.run(run())


def test_the_database_of_the_configuration_is_opened_by_url_or_by_reference(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKS_URL", place.url)
    config = Config(database="env:BOOKS_URL") if place.url else Config()

    async def run() -> None:
        database = await open_database(config, tmp_path, tmp_path)
        assert database.engine.dialect.name == ("postgresql" if place.url else "sqlite")
        await database.close()
        assert has_books(config, tmp_path)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://root@localhost/books", "bad_config"),
        ("no url at all", "bad_config"),
        ("postgresql://nobody:secret@127.0.0.1:1/books", "database_unusable"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(tmp_path: Path, url: str, code: str) -> None:
    with pytest.raises((Invalid, Unavailable)) as caught:
        asyncio.run(open_database(Config(database=url), tmp_path, tmp_path))
    assert caught.value.code == code
    assert "secret" not in caught.value.message
