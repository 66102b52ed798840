"""Alarms are raised once, and listed in pages, newest first, on both databases."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
from tests.db.opened import Place

from solvent.audit.alarm import Alarm, alarm
from solvent.audit.alarm_store import newest_alarms, raise_alarms

RAISED = [
    alarm("unpriced" if n % 2 else "house_loss", f"cus_{n % 3}", str(n), 10 + n // 3, amount=str(n)) for n in range(9)
]


def listed(found: list[Alarm]) -> list[Alarm]:
    return sorted(found, key=lambda one: (one.at_us, one.id), reverse=True)


def chosen(one: Alarm, kind: str, subject: str, since_us: int) -> bool:
    return kind in ("", one.kind) and subject in ("", one.subject) and one.at_us >= since_us


def test_alarms_are_listed_newest_first_in_pages_and_chosen(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(partial(raise_alarms, raised=RAISED))
            again = msgspec.structs.replace(RAISED[0], at_us=99, words="{}")
            await database.write(partial(raise_alarms, raised=[again, again]))
            pages: list[Alarm] = []
            while page := await database.read(
                partial(newest_alarms, since_us=0, count=2, before=(pages[-1].at_us, pages[-1].id) if pages else None)
            ):
                pages += page
            assert pages == listed(RAISED)
            for kind, subject, since_us in (("unpriced", "", 0), ("", "cus_1", 0), ("unpriced", "cus_2", 11)):
                found = await database.read(partial(newest_alarms, since_us=since_us, kind=kind, subject=subject))
                assert found == listed([one for one in RAISED if chosen(one, kind, subject, since_us)])

    asyncio.run(live())
