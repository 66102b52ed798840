"""ServeGen's pools of clients, in a folder: how often each asked in every ten minutes, and how long.

client_rates.parquet (model, client, t in seconds, rate_rps, pattern of the gaps and its shape p1) and
client_token_loghist.parquet (model, client, t, field, logbin24, prob). Checked whole before anything is drawn.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np

from solvent.db.one_file import one_file
from solvent.simulation.note import note
from solvent.simulation.pooled import BINS_PER_DECADE, PATTERNS, WINDOW_S, Histogram, Pool, trace_from
from solvent.simulation.trace import Trace
from solvent.simulation.trace_store import duckdb_module
from solvent.values.errors import Invalid
from solvent.values.limits import POOL_RATE_MAX, POOL_WINDOWS_MAX, TRACE_TOKENS_MAX

RATES: Final = "client_rates.parquet"
LENGTHS: Final = "client_token_loghist.parquet"
_COLUMNS: Final = {
    RATES: ("model", "client", "t", "rate_rps", "pattern", "p1"),
    LENGTHS: ("model", "client", "t", "field", "logbin24", "prob"),
}
_BIN_MAX: Final = BINS_PER_DECADE * len(str(TRACE_TOKENS_MAX - 1))
_SECONDS_MAX: Final = 10**9
_NAMED: Final = ("model IS NULL", "model", "is empty"), ("client IS NULL", "client", "is empty")
_TIMED: Final = (f"t IS NULL OR t < 0 OR t > {_SECONDS_MAX}", "t", f"is not 0 to {_SECONDS_MAX:,} seconds")
_WRONG: Final = {
    RATES: (
        *_NAMED, _TIMED,
        (f"rate_rps IS NULL OR NOT rate_rps BETWEEN 0 AND {POOL_RATE_MAX}", "rate_rps",
         f"is not 0 to {POOL_RATE_MAX:,} answers a second"),
        (f"coalesce(pattern, '') NOT IN {PATTERNS}", "pattern", "is neither Gamma nor Weibull, nor empty"),
        ("pattern <> '' AND (p1 IS NULL OR NOT (p1 > 0 AND p1 < 1e9))", "p1", "is no shape: a number above 0"),
    ),
    LENGTHS: (
        *_NAMED, _TIMED,
        (f"logbin24 IS NULL OR NOT logbin24 BETWEEN -1 AND {_BIN_MAX}", "logbin24", f"is not -1 to {_BIN_MAX}"),
        ("prob IS NULL OR NOT prob BETWEEN 0 AND 1", "prob", "is not 0 to 1"),
    ),
}  # fmt: skip
_ONCE: Final = {RATES: "model, client, t", LENGTHS: "model, client, t, field, logbin24"}


def is_pool(path: Path) -> bool:
    """Whether it is a folder of such files, or its file of rates."""
    return path.is_dir() or path.name == RATES


def open_pool(path: Path, only: str, answers_most: int, start_us: int, seed: int) -> Trace:
    """A trace drawn from the pool in a folder. only: of this model's clients; "" of all.

    Raises Invalid naming file, row and column.
    """
    folder = path if path.is_dir() else path.parent
    duckdb = duckdb_module()
    books = duckdb.connect()
    try:
        for name in _COLUMNS:
            _demand_right(books, folder / name)
        return trace_from(_pool(books, folder, only), answers_most, start_us, seed)
    except duckdb.Error as wrong:
        raise Invalid("bad_trace", f"{folder} cannot be read: {str(wrong).splitlines()[0][:300]}") from None
    finally:
        books.close()


def _table(file: Path) -> str:
    return f"(SELECT *, file_row_number + 1 AS row FROM read_parquet({one_file(file)}, file_row_number = true))"


def _demand_right(books: Any, file: Path) -> None:
    if not file.is_file():
        raise Invalid("bad_trace", f"{file} is no file; a ServeGen folder has {RATES} and {LENGTHS}", param="trace")
    table = _table(file)
    columns = [row[0] for row in books.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()]
    for column in _COLUMNS[file.name]:
        if column not in columns:
            message = f"{file.name}: there is no column {column!r}; its columns are {', '.join(columns)[:500]}"
            raise Invalid("bad_trace", message, param="trace")
    ((rows,),) = books.execute(f"SELECT count(*) FROM {table}").fetchall()
    if rows > POOL_WINDOWS_MAX:
        raise Invalid("bad_trace", f"{file.name}: {rows:,} rows are more than {POOL_WINDOWS_MAX:,}", param="trace")
    for wrong, column, what in _WRONG[file.name]:
        found = books.execute(f"SELECT row, {column} FROM {table} WHERE {wrong} ORDER BY row LIMIT 1").fetchall()
        if found:
            row, value = found[0]
            message = f"{file.name}: row {row}, column {column!r}: {str(value)[:60]!r} {what}"
            raise Invalid("bad_trace", message, param=column)
    again = f"SELECT max(row), max(t) FROM {table} GROUP BY {_ONCE[file.name]} HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    for row, value in books.execute(again).fetchall():
        message = f"{file.name}: row {row}, column 't': '{value}' is there twice of this client"
        raise Invalid("bad_trace", message, param="t")


def _pool(books: Any, folder: Path, only: str) -> Pool:
    lengths = _lengths(books, folder, only)
    windows = books.execute(
        f"SELECT t, model, CAST(client AS VARCHAR), rate_rps, coalesce(pattern, ''), coalesce(p1, 0) FROM"
        f" {_table(folder / RATES)} WHERE rate_rps > 0 AND (model = $1 OR $1 = '') ORDER BY t, model, client",
        [only],
    ).fetchall()
    ours = [row for row in windows if (row[1], row[2]) in lengths]
    if not ours:
        known = [name for (name,) in books.execute(f"SELECT DISTINCT model FROM {_table(folder / RATES)}").fetchall()]
        of = f" of model {only!r}; models are {', '.join(map(str, sorted(known)))[:300]}" if only else ""
        raise Invalid("bad_trace", f"{folder}: there is no client{of} with a rate and lengths", param="trace")
    second, model, client, rate, pattern, shape = zip(*ours, strict=True)
    clients = tuple(dict.fromkeys(zip(model, client, strict=True)))
    places = {name: place for place, name in enumerate(clients)}
    left_out = len({(row[1], row[2]) for row in windows} - set(clients))
    notes = (note("no_lengths", count=left_out),) if left_out else ()
    return Pool(
        source=f"{folder.name} (servegen)",
        clients=clients,
        second=np.array(second, np.int64),
        client=np.array([places[name] for name in zip(model, client, strict=True)], np.int64),
        requests=np.array(rate, np.float64) * WINDOW_S,
        pattern=np.array([PATTERNS.index(name) for name in pattern], np.int64),
        shape=np.array(shape, np.float64),
        lengths={(places[name], kind): kinds for name in clients for kind, kinds in lengths[name].items()},
        notes=notes,
    )


def _lengths(
    books: Any, folder: Path, only: str
) -> dict[tuple[str, str], dict[str, tuple[tuple[Histogram, ...], ...]]]:
    """Of each client all that is read and written: kinds of tokens, each with its histograms in the order of time."""
    rows = books.execute(
        f"SELECT model, CAST(client AS VARCHAR), field, t, logbin24, prob FROM {_table(folder / LENGTHS)}"
        " WHERE field LIKE '%\\_tokens' ESCAPE '\\' AND prob > 0 AND (model = $1 OR $1 = '') ORDER BY 1, 2, 3, 4, 5",
        [only],
    ).fetchall()
    found: dict[tuple[str, str], dict[str, tuple[tuple[Histogram, ...], ...]]] = {}
    for (model, client, field), of_field in groupby(rows, itemgetter(0, 1, 2)):
        histograms = []
        for at_s, of_time in groupby(of_field, itemgetter(3)):
            _, _, _, _, bins, chances = zip(*of_time, strict=True)
            cumulated = np.cumsum(np.array(chances, np.float64))
            histograms.append(Histogram(int(at_s), np.array(bins, np.int64), cumulated))
        kinds = found.setdefault((model, client), {"input": (), "output": ()})
        kind = "output" if field == "output_tokens" else "input"
        kinds[kind] = (*kinds[kind], tuple(histograms))
    return {client: kinds for client, kinds in found.items() if kinds["input"] and kinds["output"]}
