"""Thirteen months of books, written month by month, each closed when it has ended; the last stays open.

Plans begin two months before the end and are renewed once, so that the last month has everything: quotas, invoices,
deferred revenue, and at least one answer of every customer.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from bench.load.asked import Subjects
from bench.load.made_books import SEOUL, days_answers, write
from bench.load.made_people import (
    CURRENCY,
    People,
    Person,
    begin_subscriptions,
    open_people,
    read_quotas,
    renew,
    some_people,
)
from sqlalchemy import Connection

from solvent.answering.fold_store import fold
from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.closing import usage
from solvent.audit.act import by_system
from solvent.billing.close_month import close_month
from solvent.db.engine import WRITE, open_engine
from solvent.db.group_commit import GroupCommit
from solvent.values.instant import US_PER_S
from solvent.values.limits import MONTH_CLOSE_GRACE_S
from solvent.values.period import day_number, next_month, start_of_month

FIRST_MONTH: Final = 202511
MONTHS: Final = 13
HOUR_US: Final = 3_600 * US_PER_S
CACHE_KIB: Final = 1_000_000  # while it is made


class Shape(msgspec.Struct, frozen=True):
    """How large the books are."""

    answers: int
    customers: int
    seed: int = 20261127


class Spent(msgspec.Struct):
    """Seconds, by the clock and of this process's CPU; closes: of each month that was closed."""

    making: float = 0.0
    making_cpu: float = 0.0
    renewing: float = 0.0
    closes: list[float] = []
    paying: int = 0


def months() -> list[int]:
    """The months of the books, such as 202611."""
    found = [FIRST_MONTH]
    while len(found) < MONTHS:
        found.append(next_month(found[-1]))
    return found


def make(shape: Shape, directory: Path, url: str, say: Callable[[str], None]) -> tuple[Subjects, Spent]:
    """Write the books into an empty database; returns whom to ask about."""
    random_ = random.Random(shape.seed)
    spent = Spent()
    begin_us = start_of_month(FIRST_MONTH, SEOUL)
    people = some_people(shape.customers, random_, begin_us)
    engine = open_engine(directory, url)
    with engine.connect().execution_options(**WRITE) as connection:
        hurry(connection)
        with connection.begin():
            open_people(connection, people, begin_us)
        left, days_left = shape.answers, (start_of_month(next_month(months()[-1]), SEOUL) - begin_us) // (24 * HOUR_US)
        for month in months():
            began, spent_cpu = time.perf_counter(), time.process_time()
            _turn_plans(connection, people, month, spent)
            regulars = iter(people.everybody) if month == months()[-1] else iter(())
            first, last = (day_number(start_of_month(at, SEOUL), SEOUL) for at in (month, next_month(month)))
            for day in range(first, last):
                count = left // days_left
                _write_day(connection, day, count, people, random_, regulars)
                left, days_left = left - count, days_left - 1
            spent.making += time.perf_counter() - began
            spent.making_cpu += time.process_time() - spent_cpu
            say(f"  {month}: {shape.answers - left:,} answers, {spent.making:,.0f} s")
            if month != months()[-1]:
                spent.closes.append(close(directory, url, month)[0])
                say(f"  {month}: closed in {spent.closes[-1]:.1f} s")
        subjects = _subjects(connection, people, directory, url)
    engine.dispose()
    return subjects, spent


def hurry(connection: Connection) -> None:
    """Do not wait for the disk: what is made here is made again when the power goes."""
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        driver.execute("PRAGMA synchronous = OFF")
        driver.is_synced_here = False
        driver.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    else:
        connection.exec_driver_sql("SET synchronous_commit = off")
    connection.rollback()


def _write_day(
    connection: Connection, day: int, count: int, people: People, random_: random.Random, regulars: Iterator[Person]
) -> None:
    for batch in days_answers(day, count, people, random_, regulars):
        with connection.begin():
            write(connection, batch)


def _turn_plans(connection: Connection, people: People, month: int, spent: Spent) -> None:
    at_us = start_of_month(month, SEOUL)
    if month == months()[-2]:
        with connection.begin():
            spent.paying = begin_subscriptions(connection, people, at_us)
    elif month == months()[-1]:
        began = time.perf_counter()
        while True:
            with connection.begin():
                if not renew(connection, at_us):
                    break
        spent.renewing = time.perf_counter() - began
        with connection.begin():
            read_quotas(connection, people)


def close(directory: Path, url: str, month: int) -> tuple[float, float]:
    """Close a month as a service does: seconds by the clock and of CPU."""
    now_us = start_of_month(next_month(month), SEOUL) + 2 * MONTH_CLOSE_GRACE_S * US_PER_S
    act = by_system(f"close/{month}", now_us)

    async def closing() -> None:
        database = GroupCommit(open_engine(directory, url))
        try:
            await close_month(month, CURRENCY, usage, database, act, fold=fold)
        finally:
            await database.close()

    began, spent = time.perf_counter(), time.process_time()
    asyncio.run(closing())
    return time.perf_counter() - began, time.process_time() - spent


def _subjects(connection: Connection, people: People, directory: Path, url: str) -> Subjects:
    *_, before, month = months()
    last_day = day_number(start_of_month(next_month(month), SEOUL) - 1, SEOUL)
    giant = people.giant
    middle = Sought(customer=giant.id, until_us=start_of_month(months()[MONTHS // 2], SEOUL))
    found = receipts_page(connection, middle, "", 1, SEOUL).receipts
    connection.rollback()
    shares = [later - sooner for sooner, later in zip([0.0, *people.cumulative], people.cumulative, strict=False)]
    typical = sorted(range(len(shares)), key=lambda n: shares[n])[len(shares) // 2]
    return Subjects(
        directory=str(directory), url=url, last_day=last_day, month=month, closed_month=before, giant=giant.id,
        key=giant.keys[0], rare_key=giant.keys[-1], end_user="user-17", rare_user="nobody",
        cursor=found[0].id if found else "", typical=people.everybody[typical].id,
    )  # fmt: skip
