"""Traces from files: CSV and Parquet, read by DuckDB out of core, checked whole before anything is replayed.

Everything is copied into a file of its own for the time of the replay, in the order of time: 44 million answers take a
few minutes and stay within a memory limit. What is wrong is named by row and column, and then nothing is replayed.
"""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from solvent.simulation.formats import Format, format_of
from solvent.simulation.trace import Block, Trace
from solvent.values.errors import Invalid
from solvent.values.limits import (
    MIB,
    TRACE_BLOCK_ROWS,
    TRACE_CUSTOMERS_MAX,
    TRACE_FILE_BYTES_MAX,
    TRACE_ROWS_MAX,
    TRACE_TOKENS_MAX,
    TRACE_UNPACKED_TIMES_MAX,
)

_MEMORY: Final = "1GB"  # of DuckDB's own; what does not fit is spilled beside its file
_TOKENS: Final = ("input", "output", "cached", "reasoning")
_UNNAMED: Final = "everybody"


@contextmanager
def open_trace(file: Path, said: Mapping[str, str], model: str = "", *, sort: bool = False) -> Iterator[Trace]:
    """The trace in a file, for as long as it is replayed.

    said: which column says what; see `simulation.formats`. model: of all answers, where no column names it.
    sort: rows may be in any order. Raises Invalid naming file, row and column.
    """
    duckdb = _duckdb()
    if not file.is_file():
        raise Invalid("bad_trace", f"{file} is no file", param="trace")
    _demand_no_bomb(file)
    with tempfile.TemporaryDirectory(prefix="solvent-trace-") as folder:
        books = duckdb.connect(f"{folder}/trace.duckdb")
        try:
            books.execute(f"SET memory_limit = '{_MEMORY}'; SET TimeZone = 'UTC'; SET temp_directory = '{folder}'")
            yield _Reading(books, file, said, model, sort=sort).trace()
        except duckdb.Error as wrong:
            first = str(wrong).splitlines()[0][:300]
            raise Invalid("bad_trace", f"{file} cannot be read: {first}", param="trace") from None
        finally:
            books.close()


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        message = "reading traces needs DuckDB; install it with: pip install 'solvent[simulation]'"
        raise Invalid("bad_trace", message, param="trace") from None
    return duckdb


def _demand_no_bomb(file: Path) -> None:
    """Packed files are unpacked once, into nothing, as far as they may go."""
    packed = file.stat().st_size
    most = TRACE_FILE_BYTES_MAX
    if file.suffix == ".gz":
        most = min(most, max(MIB, packed * TRACE_UNPACKED_TIMES_MAX))
        size = 0
        try:
            with gzip.open(file) as unpacked:
                while size <= most and (part := unpacked.read(MIB)):
                    size += len(part)
        except (OSError, EOFError, zlib.error) as wrong:
            raise Invalid("bad_trace", f"{file} is no whole gzip file: {wrong}", param="trace") from None
    else:
        size = packed
    if size > most:
        message = f"{file} unpacks to more than {most:,} bytes, {TRACE_UNPACKED_TIMES_MAX} times its size or the limit"
        raise Invalid("bad_trace", f"{message}; unpack it yourself if it is what you think", param="trace")


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


class _Reading:
    def __init__(self, books: Any, file: Path, said: Mapping[str, str], model: str, *, sort: bool) -> None:
        self._books, self._file, self._model, self._sort = books, file, model, sort
        path = str(file).replace("'", "''")
        is_parquet = ".parquet" in file.suffixes
        self._source = (
            f"read_parquet('{path}')" if is_parquet else f"read_csv('{path}', header = true, all_varchar = true)"
        )
        columns = [row[0] for row in self._all(f"DESCRIBE SELECT * FROM {self._source}")]
        self._format = format_of(columns, said, file.name)

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._books.execute(sql).fetchall()
        return found

    def trace(self) -> Trace:
        self._copy()
        self._check()
        self._number()
        from_us, until_us, answers = self._all("SELECT min(at_us), max(at_us) + 1, count(*) FROM ready")[0]
        customers, models = (
            tuple(row[0] for row in self._all(f"SELECT name FROM {table} ORDER BY place"))
            for table in ("customers", "models")
        )
        return Trace(self._file.name, customers, models, answers, from_us, until_us, self._blocks)

    def _copy(self) -> None:
        """Every row as it is meant; NULL for what cannot be."""
        form: Format = self._format
        tokens = ", ".join(
            f"TRY_CAST({_name(getattr(form, kind))} AS HUGEINT) AS {kind}" if getattr(form, kind) else f"0 AS {kind}"
            for kind in _TOKENS
        )
        customer, model = self._text(form.customer, _UNNAMED), self._text(form.model, self._model)
        self._books.execute(
            f"CREATE TABLE asked AS SELECT row_number() OVER () AS row, {_instant(form.at)} AS at_us, {customer} AS"
            f" customer, {model} AS model, {self._text(form.id, '')} AS id,"
            f" {self._text(form.currency, '')} AS currency, {tokens} FROM {self._source}"
        )

    @staticmethod
    def _text(column: str, otherwise: str) -> str:
        return f"CAST({_name(column)} AS VARCHAR)" if column else "'" + otherwise.replace("'", "''") + "'"

    def _check(self) -> None:
        form = self._format
        (answers,) = self._all("SELECT count(*) FROM asked")[0]
        if not answers:
            raise Invalid("bad_trace", f"{self._file.name}: there are no answers in it", param="trace")
        if answers > TRACE_ROWS_MAX:
            raise Invalid("bad_trace", f"{self._file.name}: {answers:,} rows are more than {TRACE_ROWS_MAX:,}")
        self._demand_none("at_us IS NULL", form.at, "is no date and time")
        for kind in _TOKENS:
            column = getattr(form, kind)
            if column:
                what = f"is not 0 to {TRACE_TOKENS_MAX:,} whole tokens"
                self._demand_none(f"{kind} IS NULL OR {kind} < 0 OR {kind} > {TRACE_TOKENS_MAX}", column, what)
        for part, whole in (("cached", "input"), ("reasoning", "output")):
            what = f"is more than {getattr(form, whole)}, which it is a part of"
            self._demand_none(f"{part} > {whole}", getattr(form, part), what)
        for member in ("customer", "model"):
            column = getattr(form, member)
            if column:
                self._demand_none(f"{member} IS NULL", column, "is empty")
        self._demand_one_currency()
        self._demand_single_ids()
        if not self._sort:
            before = "(SELECT row, at_us < lag(at_us) OVER (ORDER BY row) AS back FROM asked)"
            self._demand_none("back", form.at, "is before the row above; sort the file, or add --sort", before)

    def _demand_none(self, wrong: str, column: str, what: str, table: str = "asked") -> None:
        found = self._all(f"SELECT row FROM {table} WHERE {wrong} ORDER BY row LIMIT 1")
        if found:
            raise self._refusal(found[0][0], column, what)

    def _refusal(self, row: int, column: str, what: str) -> Invalid:
        raw = self._all(
            f"SELECT CAST({_name(column)} AS VARCHAR) FROM {self._source} LIMIT 1 OFFSET {int(row) - 1}"
        )[0][0]  # fmt: skip
        message = f"{self._file.name}: row {row}, column {column!r}: {str(raw)[:60]!r} {what}"
        return Invalid("bad_trace", message, param=column)

    def _demand_one_currency(self) -> None:
        if not self._format.currency:
            return
        other = "(SELECT row, currency IS DISTINCT FROM first(currency) OVER (ORDER BY row) AS other FROM asked)"
        self._demand_none("other", self._format.currency, "is another currency than above; one trace has one", other)

    def _demand_single_ids(self) -> None:
        if not self._format.id:
            return
        again = self._all("SELECT max(row) FROM asked GROUP BY id HAVING count(*) > 1 ORDER BY 1 LIMIT 1")
        if again:
            raise self._refusal(again[0][0], self._format.id, "is there twice; every answer is counted once")

    def _number(self) -> None:
        """Names get places in the order they first appear, and answers the order of time."""
        for table, column, most in (("customers", "customer", TRACE_CUSTOMERS_MAX), ("models", "model", 10_000)):
            self._books.execute(
                f"CREATE TABLE {table} AS SELECT {column} AS name, row_number() OVER (ORDER BY min(row)) - 1 AS place"
                f" FROM asked GROUP BY {column}"
            )
            (count,) = self._all(f"SELECT count(*) FROM {table}")[0]
            if count > most:
                raise Invalid("bad_trace", f"{self._file.name}: {count:,} {table} are more than {most:,}", param=column)
        self._books.execute(
            "CREATE TABLE ready AS SELECT at_us, c.place AS customer, m.place AS model, CAST(input - cached AS BIGINT)"
            " AS input_tokens, CAST(cached AS BIGINT) AS cached_input_tokens, CAST(output - reasoning AS BIGINT) AS"
            " output_tokens, CAST(reasoning AS BIGINT) AS reasoning_tokens FROM asked"
            " JOIN customers c ON c.name = asked.customer JOIN models m ON m.name = asked.model ORDER BY at_us, row"
        )
        self._books.execute("DROP TABLE asked")

    def _blocks(self) -> Iterator[Block]:
        (answers,) = self._all("SELECT count(*) FROM ready")[0]
        for first in range(0, answers, TRACE_BLOCK_ROWS):
            rows = f"rowid >= {first} AND rowid < {first + TRACE_BLOCK_ROWS}"
            found = self._books.execute(f"SELECT * FROM ready WHERE {rows} ORDER BY rowid").fetchnumpy()
            columns = {name: np.asarray(column, np.int64) for name, column in found.items()}
            yield Block(columns.pop("at_us"), columns.pop("customer"), columns.pop("model"), columns)


def _instant(column: str) -> str:
    """Microseconds UTC of a date and time, or of a number since 1970 by its size; NULL for neither."""
    text = f"CAST({_name(column)} AS VARCHAR)"
    number = f"TRY_CAST({text} AS DOUBLE)"
    exact = f"TRY_CAST({text} AS BIGINT)"
    return (
        f"CASE WHEN {exact} >= 100000000000000 THEN {exact} WHEN {exact} >= 100000000000 THEN {exact} * 1000"
        f" WHEN {number} >= 0 THEN CAST({number} * 1000000 AS BIGINT)"
        f" ELSE epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END"
    )
