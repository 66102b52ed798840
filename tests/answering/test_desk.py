"""The desk's calendar: the day an answer counts for, in the operator's zone, however time runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest
from tests.db.opened import Place

from solvent.answering.desk import Desk
from solvent.values.ids import CustomerId
from solvent.values.instant import instant
from solvent.values.period import day_number, zone


def with_desk(place: Place, name: str, look: Callable[[Desk], None]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            look(Desk(database, lambda: 0, lambda: 0, "KRW", zone(name), {}, lambda work: work.close()))

    asyncio.run(run())


@pytest.mark.parametrize("name", ["Asia/Seoul", "America/New_York", "UTC", "Pacific/Apia"])
def test_the_day_that_is_remembered_is_the_day_it_is(place: Place, name: str) -> None:
    def look(desk: Desk) -> None:
        random = Random(3)
        at_us = instant("2011-12-25" if name == "Pacific/Apia" else "2026-10-30", "at")
        for _ in range(2_000):
            at_us += random.randrange(-(10**10), 2 * 10**10)
            assert desk.day(at_us) == day_number(at_us, zone(name))

    with_desk(place, name, look)


def test_of_whoever_never_asked_nothing_is_known_and_it_is_kept(place: Place) -> None:
    def look(desk: Desk) -> None:
        funds = desk.funds_of(CustomerId("cus_new"))
        assert not funds.is_known((), 1)
        assert funds.paying("standard", 1) == ()
        assert desk.funds_of(CustomerId("cus_new")) is funds

    with_desk(place, "UTC", look)
