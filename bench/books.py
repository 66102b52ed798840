"""Ten million answers on the books: what pages of usage, receipts, margin and wallets take, and closing a month.

Run alone: `.venv/bin/python bench/books.py`; `--smoke` only shows that the harness works. It makes the books first,
on the disk that the checkout is on: ten million answers take some 20 GiB, gone at the end.
"""

import argparse
import asyncio
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from bench.load import books_table, machine
from bench.load.asked import QUESTIONS, Subjects, ask, engine_for
from bench.load.booked import book, first_day_after
from bench.load.books_table import Result, Times
from bench.load.busy import Busy
from bench.load.made_year import Shape, Spent, close, make, months
from sqlalchemy import Table, func, select
from tests.db.postgres import running_postgres

from solvent.answering.store import receipts
from solvent.billing.close_store import closing_of
from solvent.db.engine import FILE_NAME, open_engine
from solvent.db.group_commit import GroupCommit
from solvent.invoicing.statement_store import statements
from solvent.ledger.store import transfers
from solvent.ledger.verify_books import verify_books
from solvent.margin.store import house_margins, margins
from solvent.values.period import next_month

ASKED = Path(__file__).parent / "load" / "asked.py"
SUBJECTS = "subjects.json"  # whom to ask about, and what the making took
START = "start"  # in place of an URL: a cluster of the bench's own
GIB = 2**30
SMOKE_QUESTIONS = 2  # asked in fresh processes


def time_questions(on: Subjects, rounds: int, *, from_disk: bool, smoke: bool) -> dict[str, Times]:
    """Every question in its turn, `rounds` times: in a process that goes on, in a fresh one, and from the disk.

    smoke: few of them in fresh processes, which take long to start.
    """
    times = {name: Times() for name in QUESTIONS}
    engine = engine_for(on)
    for name in QUESTIONS:  # once before: what only a first time takes is counted in fresh processes
        times[name].rows = ask(engine, on, name)[2]
    for _ in range(rounds):
        for name, found in times.items():
            wall, cpu, _ = ask(engine, on, name)
            found.warm.append(wall)
            found.warm_cpu.append(cpu)
    engine.dispose()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        Path(file.name).write_bytes(msgspec.json.encode(on))
        for _ in range(rounds):
            for name, found in list(times.items())[: SMOKE_QUESTIONS if smoke else None]:
                found.fresh.append(_in_fresh_process(file.name, name))
                if from_disk:
                    forget(Path(on.directory))
                    found.disk.append(_in_fresh_process(file.name, name))
    return times


def _in_fresh_process(subjects: str, name: str) -> float:
    command = [sys.executable, str(ASKED), subjects, name]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def forget(directory: Path) -> None:
    """Let the operating system forget what it read of the books."""
    for path in directory.glob(f"{FILE_NAME}*"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Bench:
    """One run: the books, and all that was found of them so far."""

    def __init__(self, options: argparse.Namespace, directory: Path, url: str) -> None:
        self.options = options
        self.directory = directory
        self.url = url
        self.kept = directory / SUBJECTS
        self.result = Result(
            date=datetime.now(UTC).date().isoformat(),
            machine=machine.describe(directory),
            commit=machine.commit(),
            command=shlex.join(["bench/books.py", *sys.argv[1:]]),
            versions={"Python": sys.version.split()[0], **_versions(directory, url)},
            database="Postgres" if url else "SQLite",
            shape=Shape(options.answers, options.customers),
            smoke=options.smoke,
            rounds=int(options.rounds),
        )

    def make(self) -> Subjects:
        """The books that are kept here, or new ones."""
        if self.kept.exists():
            made = msgspec.json.decode(self.kept.read_bytes(), type=tuple[Subjects, Spent])
        else:
            made = make(self.result.shape, self.directory, self.url, _say)
            self.kept.write_bytes(msgspec.json.encode(made))
        subjects, self.result.spent = made
        return subjects

    def count(self) -> None:
        """How much is on record."""
        engine = open_engine(self.directory, self.url)
        tables: dict[str, Table] = {"answers": receipts, "transfers": transfers, "roll_ups": margins}
        with engine.connect() as connection:
            for name, table in tables.items():
                counted = select(func.count()).select_from(table)
                self.result.rows[name] = int(connection.execute(counted).scalar_one())
            if self.url:
                size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
            else:
                size = (self.directory / FILE_NAME).stat().st_size
        self.result.gib = size / GIB
        engine.dispose()

    def ask(self, subjects: Subjects) -> None:
        """Time the pages."""
        busy = Busy()
        self.result.times = time_questions(
            subjects, self.result.rounds, from_disk=not self.url, smoke=self.result.smoke
        )
        self.result.other_cores = 0.0 if self.url else busy.other_cores()  # a server's work would look like others'
        for name, found in self.result.times.items():
            _say(f"  {name:26} {max(found.warm):9.1f} ms warm {max(found.fresh, default=0):9.1f} ms in a fresh process")

    def close(self, month: int) -> None:
        """Close the last month, if it is open."""
        engine = open_engine(self.directory, self.url)
        with engine.connect() as connection:
            is_closed = closing_of(connection, month) is not None
        engine.dispose()
        if is_closed:
            return
        busy = Busy()
        self.result.close_s, self.result.close_cpu_s = close(self.directory, self.url, month)
        self.result.close_other_cores = 0.0 if self.url else busy.other_cores()
        engine = open_engine(self.directory, self.url)
        with engine.connect() as connection:
            counted = select(func.count()).select_from(statements).where(statements.c.month == month)
            self.result.statements = int(connection.execute(counted).scalar_one())
        engine.dispose()
        _say(f"  {month}: closed in {self.result.close_s:.1f} s, {self.result.statements:,} statements")

    def verify(self) -> None:
        """Walk the whole chain."""

        async def verifying() -> list[str]:
            database = GroupCommit(open_engine(self.directory, self.url))
            try:
                return list((await verify_books(database)).problems)
            finally:
                await database.close()

        began = time.perf_counter()
        self.result.problems = asyncio.run(verifying())[:5]
        self.result.verify_s = time.perf_counter() - began
        _say(f"  verified in {self.result.verify_s:.1f} s: {self.result.problems or 'nothing wrong'}")

    def _last_day(self) -> int:
        """The last day that anything is on record of."""
        engine = open_engine(self.directory, self.url)
        with engine.connect() as connection:
            last = int(connection.execute(select(func.max(house_margins.c.day))).scalar_one())
        engine.dispose()
        return last

    def book(self, empty_directory: Path, empty_url: str) -> None:
        """Book some more answers, here and into empty books."""
        day = max(first_day_after(next_month(months()[-1])), self._last_day() + 1)  # kept books may have some already
        shape = self.result.shape
        self.result.booked_empty = book(empty_directory, empty_url, shape, day, empty=True)
        self.result.booked = book(self.directory, self.url, shape, day, empty=False)


def _versions(directory: Path, url: str) -> dict[str, str]:
    if not url:
        return {"SQLite": sqlite3.sqlite_version}
    engine = open_engine(directory, url)
    with engine.connect() as connection:
        version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    engine.dispose()
    return {"Postgres": version}


def _say(line: str) -> None:
    print(line, flush=True)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--answers", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken over these")
    parser.add_argument("--keep", type=Path, help="a directory for the books: they stay, and are used again")
    parser.add_argument(
        "--database", default="", help=f"an URL of an empty Postgres database, or `{START}` for a new one"
    )
    parser.add_argument("--no-verify", action="store_true", help="do not walk the whole chain at the end")
    parser.add_argument("--smoke", action="store_true", help="few answers, 1 round, written to a temporary directory")
    parser.add_argument("--to", type=Path, help="directory of the page (default docs/benchmarks)")
    options = parser.parse_args()
    if options.smoke:
        options.answers, options.customers, options.rounds = 4_000, 60, 1
    if options.to is None:
        smoke = options.smoke
        options.to = Path(tempfile.mkdtemp(prefix="bench-")) if smoke else machine.ROOT / "docs" / "benchmarks"
    return options


def main() -> int:
    """Exit code 0; 1 where the books turn out wrong."""
    options = parse_options()
    with ExitStack() as keep:
        directory = options.keep or keep.enter_context(machine.run_directory())
        directory.mkdir(parents=True, exist_ok=True)
        empty, url, empty_url = directory / "empty", options.database, ""
        shutil.rmtree(empty, ignore_errors=True)
        empty.mkdir()
        if url == START:
            cluster = keep.enter_context(running_postgres())
            url, empty_url = cluster.empty_database(), cluster.empty_database()
        bench = Bench(options, directory, url)
        subjects = bench.make()
        bench.count()
        bench.ask(subjects)
        bench.close(subjects.month)
        if not options.no_verify:
            bench.verify()
        if not url or empty_url:
            bench.book(empty, empty_url)
        shutil.rmtree(empty, ignore_errors=True)
        result = bench.result
    page = books_table.write(result, options.to, "books_postgres" if url else "books")
    print(page.read_text())
    print(f"wrote {page} and {page.with_suffix('.json').name}")
    return 1 if result.problems else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
