"""The tally reads roll-ups since a day, by what is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.db.opened import opened

from solvent.margin import store
from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.tally import tally


def test_the_tally_is_grouped_and_begins_with_its_day(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as database:
            assert await tally("day", 0, "KRW", database) == []
            lines = [
                (MarginKey(day, "c", "p", f"m{day % 2}"), MarginSums(answers=1, charge_grains=day))
                for day in (8, 9, 10, 11)
            ]
            await database.append([(store.add, line) for line in lines])
            by_day = await tally("day", 9, "KRW", database)
            assert [(line.name, line.charge.grains) for line in by_day] == [("9", 9), ("10", 10), ("11", 11)]
            by_model = await tally("model", 0, "USD", database)
            assert [(line.name, line.sums.answers, line.currency) for line in by_model] == [
                ("m0", 2, "USD"),
                ("m1", 2, "USD"),
            ]

    asyncio.run(story())
