"""The hours of a day are the sums of the answers that ended in them, each counted once."""

from __future__ import annotations

import asyncio
from functools import partial
from random import Random

from msgspec.structs import replace
from tests.answering.test_receipt_store import DAY, SEOUL, some_receipts
from tests.db.opened import Place

from solvent.answering import store
from solvent.answering.hours_store import Hour, hours
from solvent.answering.receipt import Receipt
from solvent.console.hours import Hours
from solvent.values.instant import DAY_US, HOUR_US
from solvent.values.period import start_of_day

START_US = start_of_day(DAY + 1, SEOUL)


def summed(rows: list[Receipt], start_us: int, until_us: int) -> list[Hour]:
    """The same, one by one."""
    found: dict[int, Hour] = {}
    for row in rows:
        if start_us <= row.at_us < until_us:
            began = row.at_us - (row.at_us - start_us) % HOUR_US
            known = found.get(began, Hour(began))
            brought = known.brought_grains + row.charge_grains - row.granted_grains
            answers = known.answers + (row.outcome != "failed")
            found[began] = Hour(began, answers, brought, known.cost_grains + row.cost_grains)
    return [found[began] for began in sorted(found)]


def test_hours_are_the_sums_of_their_answers_and_remembered_ones_are_the_same(place: Place) -> None:
    rows = [
        replace(row, outcome="failed") if n % 9 == 0 else row for n, row in enumerate(some_receipts(Random(5), 900))
    ]

    async def run() -> None:
        async with place.opened() as database:
            await database.write(lambda connection: store.append(connection, rows))
            for length_us in (DAY_US, HOUR_US, HOUR_US // 7, 5 * HOUR_US + 1):
                until_us = START_US + length_us
                found = await database.read(partial(hours, start_us=START_US, until_us=until_us))
                assert found == summed(rows, START_US, until_us)
            memory = Hours(
                database
            )  # the last one is asked of a day that is known as a whole: yesterday until this hour
            for length_us in (90 * 60_000_000, 3 * HOUR_US, 7 * HOUR_US + 5, DAY_US, 3 * HOUR_US + 1):
                until_us = START_US + length_us
                every = await memory.between(START_US, until_us, until_us)
                assert [hour.start_us for hour in every] == list(range(START_US, until_us, HOUR_US))
                assert [hour for hour in every if hour != Hour(hour.start_us)] == summed(rows, START_US, until_us)

    asyncio.run(run())
