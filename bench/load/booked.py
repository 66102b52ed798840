"""What booking an answer takes, journal by journal, in commits as a service makes them: into empty and full books."""

import random
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from bench.load.made_books import SEOUL, Batch, days_answers
from bench.load.made_people import open_people, some_people
from bench.load.made_year import FIRST_MONTH, Shape
from sqlalchemy import Connection

from solvent.answering import store as receipts_store
from solvent.answering.fold_store import fold
from solvent.db.engine import WRITE, open_engine
from solvent.ledger import store as ledger_store
from solvent.values.period import day_number, start_of_month

AT_ONCE: Final = 32  # answers in a commit, as at the load of bench/gateway.py
COMMITS: Final = 300
DAYS: Final = 3


class Booked(msgspec.Struct):
    """CPU microseconds an answer, and milliseconds of a commit by the clock.

    first_ms: of the commits that begin a day, when every customer's totals are kept.
    """

    transfers_us: float
    receipts_us: float
    margins_us: float
    commit_ms: float
    first_ms: float


def book(directory: Path, url: str, shape: Shape, first_day: int, *, empty: bool) -> Booked:
    """Book some days' answers, each commit durable; the first batch of all is not counted."""
    random_ = random.Random(shape.seed)
    begin_us = start_of_month(FIRST_MONTH, SEOUL)
    people = some_people(shape.customers, random_, begin_us)
    for person in people.everybody:
        person.wallet_left = 0  # so that each tops up before: what made books left them is not known here
    engine = open_engine(directory, url)
    spent: list[list[float]] = [[], [], []]
    commits: list[float] = []
    firsts: list[float] = []
    with engine.connect().execution_options(**WRITE) as connection:
        if empty:
            with connection.begin():
                open_people(connection, people, begin_us)
        for day in range(first_day, first_day + DAYS):
            answers = days_answers(day, AT_ONCE * COMMITS // DAYS, people, random_, iter(()), AT_ONCE)
            for number, batch in enumerate(answers):
                began = time.perf_counter()
                with connection.begin():
                    parts = _write(connection, batch)
                (commits if number else firsts).append((time.perf_counter() - began) * 1e3)
                for taken, part in zip(spent, parts if number else (), strict=False):
                    taken.append(part / AT_ONCE * 1e6)
    engine.dispose()
    ledger, receipts, margins = (median(taken) for taken in spent)
    return Booked(ledger, receipts, margins, median(commits), max(firsts[1:]))


def _write(connection: Connection, batch: Batch) -> list[float]:
    """Seconds of CPU that each journal took."""
    instants = [time.process_time()]
    ledger_store.append(connection, batch.transfers)
    instants.append(time.process_time())
    receipts_store.append(connection, batch.receipts)
    instants.append(time.process_time())
    fold(connection)
    instants.append(time.process_time())
    return [later - sooner for sooner, later in pairwise(instants)]


def first_day_after(month: int) -> int:
    """The number of the first day of a month."""
    return day_number(start_of_month(month, SEOUL), SEOUL)
