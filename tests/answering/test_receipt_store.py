"""Pages of receipts hold each that is sought once, newest first, whatever is sought and however little a page sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from tests.answering.test_store import receipt
from tests.db.opened import Place

from solvent.answering import store
from solvent.answering.fold_store import fold
from solvent.answering.receipt import Receipt
from solvent.answering.receipt_store import ReceiptsPage, Sought, receipts_page, used_by_key
from solvent.db.port import Connection
from solvent.margin.facet import parts_in
from solvent.margin.usage_store import days_of
from solvent.values.ids import AnswerId, CustomerId, KeyId, new_id
from solvent.values.instant import NEVER_US
from solvent.values.period import day_number, start_of_day, zone

SEOUL = zone("Asia/Seoul")
DAY = (date(2026, 11, 1) - date(1970, 1, 1)).days
DAY_US = 86_400_000_000
MINUTE_US = 60_000_000


def some_receipts(random: Random, count: int) -> list[Receipt]:
    """Of a few days; some answers took long, so that they ended on the day after they were asked for."""
    asked = sorted(start_of_day(DAY, SEOUL) + random.randrange(6 * DAY_US) for _ in range(count))
    rows = []
    for n, asked_us in enumerate(asked):
        customer = random.choice("aab")
        rows.append(
            msgspec.structs.replace(
                receipt(n), id=AnswerId(new_id("ans", asked_us, random.getrandbits(50))),
                at_us=asked_us + random.choice([1, MINUTE_US, 29 * MINUTE_US]), customer=CustomerId(customer),
                key=KeyId(f"key_{customer}{random.randrange(2)}"), end_user=random.choice(["", "kim", "lee"]),
                model=random.choices(["small", "large", "rare"], (50, 20, 1))[0], plan=random.choice(["free", "pro"]),
                service=random.choice(["chat/quick", "api/chat"]),
                cost_parts=random.choice(["", "input:3 output:4", "cached_input:9 output:-2", "in_put:5"]),
                on_free_plan=random.choice([0, 0, 1]),
            )
        )  # fmt: skip
    return rows


def write(connection: Connection, rows: list[Receipt]) -> None:
    store.append(connection, rows)


def is_sought(row: Receipt, sought: Sought) -> bool:
    names = ("customer", "key", "end_user", "model", "plan", "service")
    same = all(getattr(row, name) == getattr(sought, name) for name in names if getattr(sought, name))
    parts = parts_in(row.cost_parts, row.cost_grains, is_free=bool(row.on_free_plan))
    same &= not sought.spent_on or sought.spent_on in dict(parts)
    return same and sought.from_us <= row.at_us < sought.until_us


def _asking(*asked: Any) -> Callable[[Connection], ReceiptsPage]:
    return lambda connection: receipts_page(connection, *asked)


def anything(random: Random) -> Sought:
    customer = random.choice(["", "a", "b", "nobody"])
    start = start_of_day(DAY + random.randrange(7), SEOUL)
    whole = random.random() < 0.4
    return Sought(
        customer=customer,
        key=random.choice(["", f"key_{customer}1"]) if customer else "",
        end_user=random.choice(["", "kim"]) if customer else "",
        model=random.choice(["", "", "small", "rare", "none"]),
        plan=random.choice(["", "", "pro"]),
        service=random.choice(["", "", "chat/quick"]),
        spent_on=random.choice(["", "", "", "input", "put", "in_put", "free"]),
        from_us=0 if whole else start,
        until_us=NEVER_US if whole else start + random.choice([1, 2]) * DAY_US,
    )


@pytest.mark.parametrize("seed", range(4))
def test_pages_hold_every_receipt_that_is_sought_once(place: Place, seed: int) -> None:
    random = Random(seed)
    rows = some_receipts(random, 500)

    async def run() -> None:
        async with place.opened() as database:
            await database.write(lambda c: write(c, rows))
            for _ in range(25):
                sought, count, looked_at_max = anything(random), random.choice([1, 7, 50]), random.choice([0, 60, 300])
                found, before, pages = [], "", 0
                while True:
                    asked = (sought, before, count, SEOUL, looked_at_max)
                    page = await database.read(_asking(*asked))
                    found += page.receipts
                    pages += 1
                    if not page.before:
                        break
                    assert not before or page.before < before, "each page goes further back"
                    before = page.before
                assert found == [row for row in reversed(rows) if is_sought(row, sought)]
                assert pages <= len(found) // count + 1 + (len(rows) // looked_at_max + 1 if looked_at_max else 0)

    asyncio.run(run())


def test_a_page_reads_no_more_than_it_may_look_at_however_long_the_time_is(tmp_path: Path) -> None:
    """Counted in SQLite's own steps: of rare receipts in a long time, a page may look at ten, not at all of them."""
    sought = Sought(model="rare", from_us=start_of_day(DAY, SEOUL))

    def steps_of(connection: Connection) -> int:
        steps = [0]

        def count() -> int:
            steps[0] += 1
            return 0

        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, 10)
        receipts_page(connection, sought, "", 50, SEOUL, 10)
        driver.set_progress_handler(None, 10)
        return 10 * steps[0]

    async def run() -> list[int]:
        found = []
        async with Place(tmp_path).opened() as database:
            for count in (300, 3_000):
                rows = some_receipts(Random(count), count)
                await database.write(lambda c, rows=rows: write(c, rows))  # type: ignore[misc]
                found.append(await database.read(steps_of))
        return found

    few, many = asyncio.run(run())
    assert many < 2 * few, (few, many)


def test_receipts_of_a_key_are_found_in_the_index_alone(place: Place) -> None:
    many = some_receipts(Random(4), 4_000)

    async def run() -> None:
        async with place.opened() as database:
            # Of an empty table a planner may think what it likes.
            rows = [msgspec.structs.replace(row, customer=CustomerId(f"c{n % 40}")) for n, row in enumerate(many)]
            await database.write(lambda connection: store.append(connection, rows))
            await database.write(lambda connection: connection.execute(text("ANALYZE")) and None)
            plan = await database.read(
                lambda c: c.execute(
                    text(
                        ("EXPLAIN " if place.url else "EXPLAIN QUERY PLAN ")
                        + "SELECT id FROM receipts WHERE customer = 'c7' AND id < 'ans_z' AND key = 'key_a1' "
                        "AND end_user = 'kim' AND model = 'rare' ORDER BY id DESC LIMIT 5"
                    )
                ).all()
            )
            assert "ix_receipts_customer_id" in str(plan)
            assert "TEMP B-TREE" not in str(plan)
            assert "Sort" not in str(plan)

    asyncio.run(run())


def test_answers_are_summed_by_key_and_by_day(place: Place) -> None:
    rows = some_receipts(Random(5), 200)

    async def run() -> None:
        async with place.opened() as database:
            await database.write(lambda c: write(c, rows))
            since_us = start_of_day(DAY + 2, SEOUL)
            by_key = await database.read(lambda c: used_by_key(c, "a", since_us - 1))
            for key, use in by_key.items():
                its = [row for row in rows if row.key == key and row.id >= new_id("ans", since_us - 1, 0)]
                charge = sum(row.charge_grains for row in its)
                assert (use.answers, use.charge_grains, use.last_us) == (len(its), charge, max(r.at_us for r in its))
            assert set(by_key) == {"key_a0", "key_a1"}
            few = await database.read(lambda c: used_by_key(c, "a", 0, 7))
            assert sum(use.answers for use in few.values()) == 7
            days = await database.write(lambda c: days_of(fold(c), "a", DAY, DAY + 3, "small"))
            assert [day for day, *_ in days] == [DAY + 2, DAY + 1, DAY]
            small = [r for r in rows if (r.customer, r.model) == ("a", "small") and r.outcome != "failed"]
            for day, answers, charge, _ in days:
                its = [row for row in small if day_number(row.at_us, SEOUL) == day]
                assert (answers, charge) == (len(its), sum(row.charge_grains for row in its))

    asyncio.run(run())
