"""A journal of some million answers, made and replayed in a process each, so that its peak of memory is told.

`solvent simulate` reads a service's own answers by the same function.
"""

import asyncio
import random
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bench.load.made_books import MODELS, SEOUL, days_answers
from bench.load.made_people import some_people
from bench.load.made_year import hurry

from solvent.answering import store as receipts_store
from solvent.app.traffic import own_trace
from solvent.billing.plan import Plan
from solvent.db.engine import WRITE, open_engine
from solvent.db.group_commit import GroupCommit
from solvent.pricing.rate_card import RateCard
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Scenario, Sold
from solvent.values.instant import instant
from solvent.values.money import Money
from solvent.values.period import day_number, start_of_day

DAYS = 28
CUSTOMERS = 20_000
SEED = 20261128
FROM_US = instant("2026-11-01", "bench")
CARD = RateCard("card", "KRW", 0, "", input_picos=1_000_000, output_picos=4_000_000)


def replay_journal(rows: int) -> dict[str, float]:
    """Seconds to read and replay a service's own journal of so many rows, and the most memory it took."""
    with TemporaryDirectory() as folder, ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as apart:
        apart.submit(make, folder, rows).result()
        return apart.submit(measure, folder).result()


def make(folder: str, rows: int) -> None:
    """Write the journal alone: no ledger, no roll-ups."""
    chance = random.Random(SEED)
    people = some_people(CUSTOMERS, chance, FROM_US)
    first = day_number(FROM_US, SEOUL)
    engine = open_engine(Path(folder))
    with engine.connect().execution_options(**WRITE) as connection:
        hurry(connection)
        for day in range(first, first + DAYS):
            for batch in days_answers(day, rows // DAYS, people, chance, iter(())):
                with connection.begin():
                    receipts_store.append(connection, batch.receipts)
    engine.dispose()


def measure(folder: str) -> dict[str, float]:
    """Read and replay it, as `solvent simulate` does."""
    plan = Plan(name="plan", price=Money(0, "KRW"))
    sold = {model.name: Sold((CARD,), (CARD,)) for model in MODELS}
    scenario = Scenario(name="bench", currency="KRW", time_zone="UTC", plans={"plan": plan}, plan="plan", sold=sold)
    first = day_number(FROM_US, SEOUL)
    np.zeros(1)  # loaded before it is timed
    began = time.perf_counter()

    async def read() -> tuple[float, int]:
        database = GroupCommit(open_engine(Path(folder)))
        try:
            until_us = start_of_day(first + DAYS, SEOUL)
            opened, _ = await own_trace(database, start_of_day(first, SEOUL), until_us)
        finally:
            await database.close()
        read_after = time.perf_counter() - began
        with opened as trace:
            replay(trace, scenario)
            return read_after, trace.answers

    read_after, answers = asyncio.run(read())
    seconds = time.perf_counter() - began
    return {"rows": answers, "seconds": seconds, "seconds_reading": read_after, "peak_mib": own_peak_mib()}


def own_peak_mib() -> int:
    """The most memory that this process ever had: not what it inherited, as `ru_maxrss` of a started process may be."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("Linux says so of every process")
