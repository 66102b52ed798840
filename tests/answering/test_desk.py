"""The desk's calendar: the day an answer counts for, in the operator's zone, however time runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.db.opened import opened

from solvent.answering.desk import Desk
from solvent.values.ids import CustomerId
from solvent.values.instant import instant
from solvent.values.period import day_number, zone


def with_desk(tmp_path: Path, name: str, look: Callable[[Desk], None]) -> None:
    async def run() -> None:
        async with opened(tmp_path) as database:
            look(Desk(database, lambda: 0, lambda: 0, "KRW", zone(name), {}, lambda work: work.close()))

    asyncio.run(run())


@pytest.mark.parametrize("name", ["Asia/Seoul", "America/New_York", "UTC", "Pacific/Apia"])
def test_the_day_that_is_remembered_is_the_day_it_is(tmp_path: Path, name: str) -> None:
    def look(desk: Desk) -> None:
        random = Random(3)
        at_us = instant("2011-12-25" if name == "Pacific/Apia" else "2026-10-30", "at")
        for _ in range(2_000):
            at_us += random.randrange(-(10**10), 2 * 10**10)
            assert desk.day(at_us) == day_number(at_us, zone(name))

    with_desk(tmp_path, name, look)


def test_whoever_never_had_money_has_an_empty_purse_and_keeps_it(tmp_path: Path) -> None:
    def look(desk: Desk) -> None:
        purse = desk.purse(CustomerId("cus_new"))
        assert purse.available == 0
        assert desk.purse(CustomerId("cus_new")) is purse

    with_desk(tmp_path, "UTC", look)
