"""How long a month of many customers takes to close, on SQLite, with millions of answers on record.

Run alone: `.venv/bin/python bench/month_close.py`; `--customers 1000 --answers 100000` for a quick look. The books
are made by SQL (a wallet, a top-up, a gift, a subscription and an allowance for each customer, usage on account for
each tenth), then closed by the use case itself. The table lands in docs/benchmarks/month_close.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shlex
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load.machine import commit, describe

from solvent.app.closing import usage
from solvent.audit.act import by_system
from solvent.billing.close import Closing
from solvent.billing.close_month import close_month
from solvent.db.engine import FILE_NAME, open_engine
from solvent.db.group_commit import GroupCommit
from solvent.values.instant import US_PER_S, instant
from solvent.values.period import day_number, zone

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
MONTH = 202611
START_US, END_US = (instant(f"2026-{month}-01T00:00:00+09:00", "month") for month in (11, 12))
DAY_US = 86_400 * US_PER_S
MODELS = ("fast", "large")
ACTIVE_DAYS = 20

# Each customer n: 10,000 won paid in, 1,000 won given, answers of 50 won, a subscription of 26,364 won net; each tenth
# used 1,234.57 won on account.
BOOKS = """
CREATE TEMP TABLE n AS WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < :customers)
    SELECT n, printf('cus_%08d', n) AS who FROM c;
INSERT INTO customers (id, name, plan, created_us) SELECT who, who, 'pro', 0 FROM n;
INSERT INTO pots SELECT 'wallet:' || who, 'KRW', who, 'wallet', '', 0, 4611686018427387904, 0, 0 FROM n;
INSERT INTO pots SELECT 'allowance:' || who || ':1', 'ANSWERS', who, 'allowance', '', :start, :end, 0, 0 FROM n;
INSERT INTO pots SELECT 'overage:' || who || ':1', 'KRW.ON-ACCOUNT', who, 'overage', '', :start, :end, 0, 0 FROM n
    WHERE n % 10 = 0;
INSERT INTO profiles SELECT who, 0, 'Company', '', 'Seoul', 'KR', 'ko', '', 'inclusive', 100, 'document', 'KRW'
    FROM n WHERE n % 10 = 0;
INSERT INTO schedules SELECT 'inv_' || who || '.1', who, 'pro', 'deferred:sub_' || who, 'revenue:subscriptions', 'KRW',
    263640000000, :start + (n % 30) * 86400000000, :start + (n % 30 + 30) * 86400000000, '', 0, 0,
    :start + (n % 30) * 86400000000, 0, :start + (n % 30) * 86400000000, 0 FROM n;
CREATE TEMP TABLE moved AS
    SELECT 'wallet:' || who AS account, 'KRW' AS unit, :each * 500000000 AS debits, 110000000000 AS credits FROM n
    UNION ALL SELECT 'allowance:' || who || ':1', 'ANSWERS', 40, 300 FROM n
    UNION ALL SELECT 'deferred:sub_' || who, 'KRW', 0, 263640000000 FROM n
    UNION ALL SELECT 'overage:' || who || ':1', 'KRW.ON-ACCOUNT', 12345678905, 1000000000000 FROM n WHERE n % 10 = 0
    UNION ALL SELECT 'receivable:unbilled:' || who, 'KRW', 12345678905, 0 FROM n WHERE n % 10 = 0
    UNION ALL SELECT 'revenue:overage', 'KRW', 0, sum(n % 10 = 0) * 12345678905 FROM n
    UNION ALL SELECT 'cash:bank', 'KRW', count(*) * 390000000000, 0 FROM n
    UNION ALL SELECT 'expense:grants', 'KRW', count(*) * 10000000000, 0 FROM n
    UNION ALL SELECT 'vat:payable', 'KRW', 0, count(*) * 26360000000 FROM n
    UNION ALL SELECT 'revenue:answers', 'KRW', 0, count(*) * :each * 500000000 FROM n
    UNION ALL SELECT 'memo:issued', 'ANSWERS', count(*) * 300, 0 FROM n
    UNION ALL SELECT 'memo:used', 'ANSWERS', 0, count(*) * 40 FROM n;
INSERT INTO balances SELECT account, unit, 202611, debits, credits, 0, 0 FROM moved;
INSERT INTO margins (day, customer, plan, model, answers, failed, charge_grains, granted_grains, included_grains,
        earned_grains, cost_grains, estimated_answers, input_tokens, output_tokens, energy_uj)
    SELECT :day + days.value, who, 'pro', models.value, 3, 0, 1500000000, 0, 0, 0, 100000000, 0, 900, 300, 0
    FROM n, json_each(:days) AS days, json_each(:models) AS models WHERE (n + days.value) % 30 < :active;
"""
ANSWERS = """
INSERT INTO transfers (id, at_us, state, debit, credit, grains, currency, resolves, held_grains, expires_us,
        reference, holder, seq, hash)
    WITH RECURSIVE a(n) AS (SELECT :from UNION ALL SELECT n + 1 FROM a WHERE n + 1 < :until)
    SELECT printf('ans_%012d.', n) || sides.value, :start + n * :step, sides.value,
        printf('wallet:cus_%08d', n % :customers), 'revenue:answers', 500000000, 'KRW',
        CASE sides.value WHEN 'posted' THEN printf('ans_%012d.pending', n) END,
        CASE sides.value WHEN 'posted' THEN 500000000 ELSE 0 END, NULL,
        printf('ans_%012d', n), '', 2 * n + sides.key + 1, randomblob(32)
    FROM a, json_each('["pending", "posted"]') AS sides;
"""
BESIDE = """
INSERT INTO transfers (id, at_us, state, debit, credit, grains, currency, resolves, held_grains, expires_us,
        reference, holder, seq, hash)
    SELECT kinds.value || who, :start + n, 'posted',
        CASE kinds.value WHEN 'top_' THEN 'cash:bank' ELSE 'expense:grants' END, 'wallet:' || who,
        CASE kinds.value WHEN 'top_' THEN 100000000000 ELSE 10000000000 END, 'KRW', NULL, 0, NULL,
        kinds.value || who, '', :seq + 2 * n + kinds.key, randomblob(32)
    FROM n, json_each('["top_", "gift_"]') AS kinds;
"""


def make_books(folder: Path, customers: int, answers: int) -> None:
    """Books of one month, unsynced: only what is measured has to be durable."""
    open_engine(folder).dispose()
    connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {pragma}")
    first = day_number(START_US, zone("Asia/Seoul"))
    given = {
        "customers": customers, "start": START_US, "end": END_US, "each": answers // customers, "day": first,
        "days": json.dumps(list(range(30))), "models": json.dumps(MODELS), "active": ACTIVE_DAYS,
        "seq": 2 * answers + 1, "step": (END_US - START_US) // answers,
    }  # fmt: skip
    connection.execute("BEGIN")
    for statement in [*BOOKS.split(";\n"), *BESIDE.split(";\n")]:
        if statement.strip():
            connection.execute(statement, given)
    connection.execute("COMMIT")
    for start in range(0, answers, 1_000_000):
        connection.execute(ANSWERS, given | {"from": start, "until": min(answers, start + 1_000_000)})
    head = f"{2 * answers + 2 * customers}:{'00' * 32}"
    connection.execute("INSERT INTO marks (name, value) VALUES ('chain', ?)", (head,))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


class Timed:
    """The database, and how long its writer was kept from others at most."""

    def __init__(self, database: GroupCommit) -> None:
        self._database = database
        self.append, self.append_then = database.append, database.append_then
        self.append_later, self.keep_back = database.append_later, database.keep_back
        self.longest_write = self.reading = self.writing = 0.0

    async def read(self, work: Callable[[Connection], T]) -> T:
        started = time.perf_counter()
        result = await self._database.read(work)
        self.reading += time.perf_counter() - started
        return result

    async def write(self, work: Callable[[Connection], T]) -> T:
        started = time.perf_counter()
        result = await self._database.write(work)
        spent = time.perf_counter() - started
        self.writing += spent
        self.longest_write = max(self.longest_write, spent)
        return result


async def close(folder: Path) -> tuple[Closing, float, Timed]:
    """The month, closed by the use case."""
    database = GroupCommit(open_engine(folder))
    timed = Timed(database)
    try:
        started = time.perf_counter()
        act = by_system(f"close/{MONTH}", END_US + DAY_US)
        closing = await close_month(MONTH, "KRW", usage, timed, act)
        return closing, time.perf_counter() - started, timed
    finally:
        await database.close()


def main() -> None:
    """Make the books, close them, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--answers", type=int, default=10_000_000)
    parser.add_argument("--no-table", action="store_true", help="only print")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="solvent-month-") as name:
        folder = Path(name)
        started = time.perf_counter()
        maker = get_context("spawn").Process(target=make_books, args=(folder, options.customers, options.answers))
        maker.start()  # a process of its own, so that its memory is not counted
        maker.join()
        assert maker.exitcode == 0, "the books could not be made"
        os.sync()
        size = (folder / FILE_NAME).stat().st_size
        print(f"books made in {time.perf_counter() - started:.0f} s, {size / 1e9:.2f} GB")
        load = os.getloadavg()[0]  # what else this machine is doing: above its cores, all of this takes longer
        worked = time.process_time()
        closing, seconds, timed = asyncio.run(close(folder))
        worked = time.process_time() - worked
    total = closing.wallets[0]
    assert total.statements == options.customers
    kept = {(one.account, one.unit): one.closing for one in closing.accounts}
    assert kept["receivable:invoices", "KRW"] == options.customers // 10 * 12_350_000_000
    assert total.used == total.statements * (options.answers // options.customers) * 500_000_000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "customers": options.customers, "answers": options.answers, "books_gb": round(size / 1e9, 2),
        "close_s": round(seconds, 1), "cpu_s": round(worked, 1),
        "reading_s": round(timed.reading, 1), "writing_s": round(timed.writing, 1),
        "longest_write_ms": round(timed.longest_write * 1000), "memory_mib": round(memory),
        "load_before": round(load, 1),
    }  # fmt: skip
    print(json.dumps(figures))
    if not options.no_table:
        write_table(figures)


def write_table(figures: dict[str, float]) -> None:
    """docs/benchmarks/month_close.md and .json."""
    target = ROOT / "docs" / "benchmarks"
    date = datetime.now(UTC).date().isoformat()
    head = f"{date}, {describe(Path(tempfile.gettempdir()))}, commit {commit()}, Python {sys.version.split()[0]}, "
    rows = "\n".join(f"| {name} | {value:,} |" for name, value in figures.items())
    text = f"""# Closing a month

{head}SQLite {sqlite3.sqlite_version}. Command: `{shlex.join(["bench/month_close.py", *sys.argv[1:]])}`.

One month of every customer: revenue of a subscription recognised, a usage statement by model with the wallet's way
from one balance to the next, an invoice for each tenth, VAT of what was used, proof over all of it.
`longest_write_ms`: for so long the writer was kept from answers at most; between its steps they are booked as ever.

| what | figure |
|---|---|
{rows}
"""
    (target / "month_close.md").write_text(text, encoding="utf-8")
    (target / "month_close.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
