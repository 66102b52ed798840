"""The books of a directory are kept in one currency for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.db.opened import opened

from solvent.app.build import demand_currency
from solvent.values.errors import Invalid


def test_another_currency_is_refused_and_the_first_one_stays(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as database:
            await database.write(lambda connection: demand_currency(connection, "USD"))
            await database.write(lambda connection: demand_currency(connection, "USD"))
            with pytest.raises(Invalid) as caught:
                await database.write(lambda connection: demand_currency(connection, "KRW"))
            assert caught.value.code == "currency_changed"
            assert "USD" in caught.value.message
            await database.write(lambda connection: demand_currency(connection, "USD"))

    asyncio.run(run())
