"""The roll-ups are what receipts sum to, each once, however they are folded and whoever booked them, on either
database."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event, select
from tests.answering.settling import sums_of
from tests.answering.test_receipt_store import SEOUL, some_receipts
from tests.db.opened import Place, lay_empty_books

from solvent.answering import store
from solvent.answering.fold_store import fold, is_folded
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt import Receipt
from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit
from solvent.db.port import Connection
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.facet import Facet, parts_in
from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.store import Folded
from solvent.values.period import day_number
from solvent.values.usage import BUCKETS

Sums = dict[tuple[object, ...], MarginSums]


def drawn(random: Random, count: int) -> list[Receipt]:
    """Of a few days, and nothing in them is as in another."""
    amounts = ("charge_grains", "granted_grains", "included_grains", "cost_grains", *BUCKETS)
    return [
        replace(
            one, outcome=random.choice(["answered", "failed", "abandoned"]), usage_estimated=random.randrange(2),
            **{name: random.randrange(10**9) for name in amounts},
        )
        for one in some_receipts(random, count)
    ]  # fmt: skip


def day_of(one: Receipt) -> int:
    return day_number(one.at_us, SEOUL)


def parts_of(one: Receipt) -> tuple[tuple[str, int], ...]:
    return parts_in(one.cost_parts, one.cost_grains, is_free=bool(one.on_free_plan))


def expected(rows: list[Receipt]) -> tuple[Sums, Sums, Sums, Counter[tuple[int, str, str]]]:
    whole: tuple[Sums, Sums, Sums] = ({}, {}, {})
    parts = Counter[tuple[int, str, str]]()
    for one in rows:
        day = day_of(one)
        keys = (day, one.customer, one.plan, one.model), (day, one.service), (one.customer, day, one.key)
        for sums, key in zip(whole, keys, strict=True):
            sums.setdefault(key, MarginSums()).add(sums_of(one))
        for part, grains in parts_of(one):
            parts[day, one.plan, part] += grains
    return *whole, parts


def found(connection: Folded) -> tuple[Sums, Sums, Sums, Counter[tuple[int, str, str]]]:
    kept = []
    for table in (margin_store.margins, facet_store.service_margins, facet_store.key_margins):
        keys = len(table.primary_key)
        rows = connection.execute(select(table)).all()
        kept.append({tuple(row[:keys]): MarginSums(*map(int, row[keys:])) for row in rows})
    parts = Counter({tuple(row[:3]): int(row[3]) for row in connection.execute(select(facet_store.cost_parts))})
    return kept[0], kept[1], kept[2], parts


async def book(database: GroupCommit, rows: list[Receipt]) -> None:
    await asyncio.gather(*(database.append([(store.append, one)]) for one in rows))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_folded_when_each_answer_counts_once(place: Place, seed: int) -> None:
    random = Random(seed)
    rows = drawn(random, 400)
    left = random.sample(rows, len(rows))

    async def live() -> None:
        async with place.opened() as database, place.opened() as another:
            while left:
                size = random.choice([1, 30, 90])
                some, left[:] = left[:size], left[size:]
                await book(random.choice([database, another]), some)
                if random.randrange(2):  # two processes at once
                    await asyncio.gather(database.write(fold), another.write(fold), database.write(fold))
            assert await read_margins(found, another) == expected(rows)
            assert await database.read(is_folded)

    asyncio.run(live())


def test_what_a_version_before_summed_as_it_booked_it_is_not_added_again(place: Place) -> None:
    rows = drawn(Random(9), 40)
    before, after = rows[::2], rows[1::2]

    def as_before(connection: Connection) -> None:
        store.append(connection, before)
        connection.execute(store.unsummed.delete().where(store.unsummed.c.answer.in_([one.id for one in before])))
        lines = [(MarginKey(day_of(one), one.customer, one.plan, one.model), sums_of(one)) for one in before]
        margin_store.add(connection, lines)
        facet_store.add(
            connection, [Facet(day_of(one), one.customer, one.key, one.service, sums_of(one)) for one in before]
        )
        parts = [(day_of(one), one.plan, *part) for one in before for part in parts_of(one)]
        facet_store.add_parts(connection, parts)

    async def live() -> None:
        async with place.opened() as database:
            await book(database, after[:10])
            await database.write(as_before)
            await book(database, after[10:])
            assert await read_margins(found, database) == expected(rows)

    asyncio.run(live())


def test_a_fold_that_is_cut_off_has_neither_added_nor_forgotten(place: Place) -> None:
    rows = drawn(Random(4), 60)

    class CutOffError(Exception):
        pass

    def cut_off(connection: Connection) -> None:
        fold(connection)
        raise CutOffError

    async def live() -> None:
        async with place.opened() as database:
            await book(database, rows)
            with pytest.raises(CutOffError):
                await database.write(cut_off)
            assert not await database.read(is_folded)
            assert await read_margins(found, database) == expected(rows)

    asyncio.run(live())


def test_a_fold_reads_no_receipts_but_those_that_it_adds(tmp_path: Path) -> None:
    lay_empty_books(tmp_path)
    engine, asked = open_engine(tmp_path), list[tuple[str, Any]]()
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, said, values, *_: asked.append((said, values)))
    with engine.connect() as connection:
        store.append(connection, drawn(Random(2), 30))
        fold(connection)
        read = [(said, values) for said, values in asked if said.startswith("SELECT") and "receipts" in said]
        assert len(read) >= 3
        for said, values in read:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values).all()
            assert any("SEARCH receipts" in step[3] for step in steps), said
            assert not any("SCAN receipts" in step[3] for step in steps), said
    engine.dispose()
