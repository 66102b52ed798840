"""What it costs to put a batch of receipts into SQLite: as JSON, row by row, or as one many-row INSERT.

Run alone: `.venv/bin/python bench/journal.py`. Decides how `db/append.py` writes; see decisions/0005.
"""

from __future__ import annotations

import json
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load.machine import commit, describe

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 39  # as many as a receipt has
ROWS = 4_096
BATCH = 32  # what a group commit holds at the load of bench/gateway.py
ROUNDS = 5

Row = tuple[object, ...]
Writer = Callable[[sqlite3.Connection, Sequence[Row]], None]


def rows() -> list[Row]:
    """Rows shaped like receipts: half texts, half whole numbers."""
    return [
        (f"ans_{n:020d}", *("answered" if column % 2 else n * column for column in range(1, COLUMNS)))
        for n in range(ROWS)
    ]


def as_json(connection: sqlite3.Connection, batch: Sequence[Row]) -> None:
    """One statement; the rows are one JSON text."""
    values = ", ".join(f"value ->> {n}" for n in range(COLUMNS))
    connection.execute(f"INSERT INTO t SELECT {values} FROM json_each(?)", (msgspec.json.encode(batch).decode(),))


def row_by_row(connection: sqlite3.Connection, batch: Sequence[Row]) -> None:
    """One statement a row, prepared once."""
    connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * COLUMNS)})", batch)


def many_rows(connection: sqlite3.Connection, batch: Sequence[Row]) -> None:
    """One statement; every value is bound."""
    row = f"({', '.join('?' * COLUMNS)})"
    values = ", ".join([row] * len(batch))
    connection.execute(f"INSERT INTO t VALUES {values}", tuple(chain.from_iterable(batch)))


WRITERS: dict[str, Writer] = {"as_json": as_json, "row_by_row": row_by_row, "many_rows": many_rows}


def measure(write: Writer, given: list[Row]) -> float:
    """CPU microseconds a row, batches of BATCH, without the disk's share (synchronous = OFF)."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "t.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        names = ", ".join(f"c{n}" for n in range(1, COLUMNS))
        connection.execute(f"CREATE TABLE t (id TEXT PRIMARY KEY, {names})")
        started = time.process_time()
        for start in range(0, ROWS, BATCH):
            connection.execute("BEGIN")
            write(connection, given[start : start + BATCH])
            connection.execute("COMMIT")
        spent = time.process_time() - started
        connection.close()
    return spent / ROWS * 1e6


def main() -> None:
    """Interleave the rounds, take medians, write table and figures."""
    given = rows()
    spent: dict[str, list[float]] = {name: [] for name in WRITERS}
    for _ in range(ROUNDS):
        for name, write in WRITERS.items():
            spent[name].append(measure(write, given))
    figures = {f"cpu_us_per_row_{name}": round(statistics.median(taken), 2) for name, taken in spent.items()}
    date, machine = datetime.now(UTC).date().isoformat(), describe(ROOT)
    table = "\n".join(f"| {name} | {figures[f'cpu_us_per_row_{name}']} |" for name in WRITERS)
    (ROOT / "docs/benchmarks/journal.md").write_text(
        f"# Writing a batch of receipts\n\n{date}, {machine}, commit {commit()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}. Command: `bench/journal.py`.\n\n{COLUMNS} columns, {BATCH} rows a commit, "
        f"medians of {ROUNDS} interleaved rounds, CPU time without the disk.\n\n"
        f"| how | CPU µs a row |\n|---|---|\n{table}\n",
        encoding="utf-8",
    )
    body = {"date": date, "machine": machine, "commit": commit(), "figures": figures}
    (ROOT / "docs/benchmarks/journal.json").write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
