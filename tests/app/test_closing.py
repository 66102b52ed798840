"""The service closes months by itself as its settings say, and tells when it cannot."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest
from sqlalchemy import text
from tests.billing.months import DEC_1, KIM, NOVEMBER, one_of_everything
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US

from solvent.app.closing import close_months
from solvent.app.config import Config, InvoiceSettings
from solvent.audit import alarm_store
from solvent.billing import close_store
from solvent.db.port import Database


async def months(database: Database) -> list[int]:
    return [made.month for made in await database.read(close_store.closings)]


def test_months_close_after_the_days_that_are_set_or_never(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            for days, expected in ((0, []), (9, []), (3, [NOVEMBER])):
                config = Config(invoice=InvoiceSettings(close_months_after_days=days))
                await close_months(config, database, DEC_1 + 4 * DAY_US)
                assert await months(database) == expected

    assert Config().invoice.close_months_after_days == 3
    asyncio.run(live())


def test_a_month_that_cannot_be_closed_is_told_once_a_day_and_closed_later(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            # A statement of nobody's: the statements do not add up to the ledger any more.
            await database.write(lambda c: c.execute(text("UPDATE balances SET credits = credits + 1 WHERE 1 = 1")))
            with caplog.at_level(logging.ERROR):
                for hours in (0, 1, 25):
                    await close_months(Config(), database, DEC_1 + 4 * DAY_US + hours * 3_600 * 10**6)
            assert await months(database) == []
            assert "202611 could not be closed" in caplog.text
            raised = await database.read(lambda c: alarm_store.newest_alarms(c, 0, subject=str(NOVEMBER)))
            assert [one.kind for one in raised] == ["month_not_closed"] * 2
            assert msgspec.json.decode(raised[0].words)["month"] == NOVEMBER
            await database.write(lambda c: c.execute(text("UPDATE balances SET credits = credits - 1 WHERE 1 = 1")))
            await close_months(Config(), database, DEC_1 + 6 * DAY_US)
            assert await months(database) == [NOVEMBER]

    asyncio.run(live())
