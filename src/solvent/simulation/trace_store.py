"""Traces from files: CSV, JSON and Parquet, read by DuckDB out of core, checked whole before anything is replayed.

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

import msgspec
import numpy as np

from solvent.db.one_file import one_file
from solvent.simulation.csv_store import csv_problem, csv_source, demand_single
from solvent.simulation.formats import FAILED, MEMBERS, UNDATED, UNNAMED, UNNAMED_IN, format_of
from solvent.simulation.note import note
from solvent.simulation.prefix import PrefixCache
from solvent.simulation.rated import INPUT_BUCKETS, OUTPUT_BUCKETS
from solvent.simulation.trace import BESIDE, Block, Trace
from solvent.values.errors import Invalid
from solvent.values.limits import (
    MIB,
    PREFIX_CACHE_TOKENS,
    PREFIX_ROWS_AT_ONCE,
    TRACE_AT_US_MAX,
    TRACE_BLOCK_ROWS,
    TRACE_CUSTOMERS_MAX,
    TRACE_FILE_BYTES_MAX,
    TRACE_KEYS_ROWS,
    TRACE_ROWS_MAX,
    TRACE_TOKENS_MAX,
    TRACE_UNPACKED_TIMES_MAX,
)

_MEMORY: Final = "1GB"  # of DuckDB's own; what does not fit is spilled beside its file
_TOKENS: Final = ("input", "output", "cached", "reasoning")
_PARTS: Final = ("cached", "reasoning")  # what says nothing of them has none
_JSON: Final = (".json", ".jsonl", ".ndjson")
_TIMES: Final = ("engine_us", "energy_uj")
_PACKED: Final = (".zst", ".bz2", ".xz", ".zip", ".br", ".lz4")


class Reading(msgspec.Struct, frozen=True):
    """How a file is meant, where its user says so.

    columns: which says what; see `simulation.formats`. model: of all answers, where no column names it. sort: rows may
    be in any order. format: by name; "" to know it by its columns. start_us: when the first answer ended, in place of
    when the file says; undated_us: where it says no dates. cache_tokens: what a cache of prompt beginnings holds,
    where prompts are told by their blocks.
    """

    columns: Mapping[str, str] = {}
    model: str = ""
    sort: bool = False
    format: str = ""
    start_us: int | None = None
    undated_us: int = 0
    cache_tokens: int = PREFIX_CACHE_TOKENS


@contextmanager
def open_trace(file: Path, reading: Reading) -> Iterator[Trace]:
    """The trace in a file, for as long as it is replayed. Raises Invalid naming file, row and column."""
    duckdb = duckdb_module()
    if not file.is_file():
        raise Invalid("bad_trace", f"{file} is no file", param="trace")
    _demand_no_bomb(file)
    with tempfile.TemporaryDirectory(prefix="solvent-trace-") as folder:
        books = open_columns(folder)
        try:
            yield _Copy(books, file, reading).trace()
        except duckdb.Error as wrong:
            said = " ".join(str(wrong).partition("\nLINE ")[0].split())  # and not our own query
            message = csv_problem(file, said) or f"{file} cannot be read: {said[:300]}"
            raise Invalid("bad_trace", message, param="trace") from None
        finally:
            books.close()


def open_columns(folder: str) -> Any:
    """An empty file of DuckDB's in a folder of its own, with a memory limit."""
    books = duckdb_module().connect(f"{folder}/trace.duckdb")
    books.execute(f"SET memory_limit = '{_MEMORY}'; SET TimeZone = 'UTC'; SET temp_directory = '{folder}'")
    return books


def blocks_of(books: Any) -> Iterator[Block]:
    """The rows of its table `ready`: at_us, customer, model, and a column for each bucket."""
    (answers,) = books.execute("SELECT count(*) FROM ready").fetchone()
    for first in range(0, answers, TRACE_BLOCK_ROWS):
        rows = f"rowid >= {first} AND rowid < {first + TRACE_BLOCK_ROWS}"
        found = books.execute(f"SELECT * FROM ready WHERE {rows} ORDER BY rowid").fetchnumpy()
        columns = {name: np.asarray(column, np.int64) for name, column in found.items()}
        beside = {name: columns.pop(name) for name in BESIDE if name in columns}
        yield Block(columns.pop("at_us"), columns.pop("customer"), columns.pop("model"), columns, beside)


def duckdb_module() -> Any:
    """Raises Invalid saying how to install it."""
    try:
        import duckdb
    except ImportError:
        message = "reading traces needs DuckDB; install it with: pip install 'solvent[simulation]'"
        raise Invalid("bad_trace", message, param="trace") from None
    return duckdb


def _demand_no_bomb(file: Path) -> None:
    """Packed files are unpacked once, into nothing, as far as they may go."""
    if file.suffix in _PACKED:
        raise Invalid("bad_trace", f"{file.name}: unpack it first; of packed files only .gz is read", param="trace")
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


class _Copy:
    """A file's rows in a table of our own."""

    def __init__(self, books: Any, file: Path, reading: Reading) -> None:
        self._books, self._file, self._reading = books, file, reading
        path, is_csv = one_file(file), False
        if ".parquet" in file.suffixes:
            self._source = f"read_parquet({path})"
            self._demand_few(f"SELECT count(*) FROM {self._source}")  # written at its end: nothing is unpacked for it
        elif any(suffix in file.suffixes for suffix in _JSON):
            self._source = self._json(f"read_json_objects({path})")
        else:
            self._source, is_csv = csv_source(file), True
        kinds = {str(row[0]): str(row[1]) for row in self._all(f"DESCRIBE SELECT * FROM {self._source}")}
        columns = list(kinds)
        self._format = format_of(columns, reading.columns, file.name, reading.format)
        if is_csv:
            form = self._format
            demand_single(file, [*filter(None, (getattr(form, member) for member in MEMBERS)), *form.beside])
        self._columns = kinds
        self._notes: list[str] = []

    def _json(self, objects: str) -> str:
        """Members of objects as columns of text."""
        keys = (
            f"SELECT DISTINCT unnest(json_keys(json)) FROM (SELECT json FROM {objects} LIMIT {TRACE_KEYS_ROWS})"
            " WHERE json_type(json) = 'OBJECT' ORDER BY 1"
        )
        names = [str(row[0]) for row in self._all(keys)]
        if not names:
            raise Invalid("bad_trace", f"{self._file.name}: there are no objects with members in it", param="trace")
        members = ", ".join(f"json ->> {_text(_pointer(name))} AS {_name(name)}" for name in names)
        return f"(SELECT {members} FROM {objects})"

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._books.execute(sql).fetchall()
        return found

    def trace(self) -> Trace:
        self._copy()
        self._check()
        self._read_blocks()
        self._number()
        from_us, until_us, answers = self._all("SELECT min(at_us), max(at_us) + 1, count(*) FROM ready")[0]
        customers, models = (
            tuple(row[0] for row in self._all(f"SELECT name FROM {table} ORDER BY place"))
            for table in ("customers", "models")
        )
        source = f"{self._file.name} ({self._format.name})"
        return Trace(
            source, customers, models, answers, from_us, until_us, lambda: blocks_of(self._books), tuple(self._notes)
        )

    def _copy(self) -> None:
        """Every row as it is meant; NULL for what cannot be."""
        form, reading = self._format, self._reading
        tokens = ", ".join(
            [f"{self._amount(getattr(form, kind), may_miss=kind in _PARTS)} AS {kind}" for kind in _TOKENS]
            + [f"{self._amount(bucket, may_miss=True)} AS {bucket}" for bucket in form.beside]
        )
        customer, model = self._words(form.customer, UNNAMED), self._words(form.model, reading.model)
        if form.customer and form.name in UNNAMED_IN:
            customer = f"COALESCE(NULLIF({customer}, ''), '{UNNAMED}')"
        when = _value(form.at, self._columns)
        at_us = _since_start(when) if form.name in UNDATED else _instant(when)
        blocks = f"TRY_CAST({_value(form.blocks, self._columns)} AS BIGINT[])" if form.blocks else "NULL"
        column, says = FAILED.get(form.name, ("", ""))
        failed = f"{_name(column)} IS NOT DISTINCT FROM '{says}'" if column in self._columns else "false"
        self._books.execute(
            f"CREATE TABLE asked AS SELECT row_number() OVER () AS row, {at_us} AS at_us, {customer} AS"
            f" customer, {model} AS model, {self._words(form.id, '')} AS id, {self._words(form.currency, '')} AS"
            f" currency, {blocks} AS blocks, {failed} AS failed, {tokens} FROM {self._source}"
        )
        ((gone,),) = self._all("SELECT count(*) FROM asked WHERE failed")
        if gone:
            self._books.execute("DELETE FROM asked WHERE failed")
            self._notes.append(note("failed", count=f"{gone:,}"))

    def _amount(self, column: str, *, may_miss: bool) -> str:
        if not column:
            return "0"
        value = _value(column, self._columns)
        nothing = f"WHEN {value} IS NULL OR {value} = '' THEN 0" if may_miss else ""
        broken = f"WHEN contains({value}, '.') AND TRY_CAST({value} AS DOUBLE) % 1 <> 0 THEN NULL"
        return f"CASE {nothing} {broken} ELSE TRY_CAST({value} AS HUGEINT) END"

    def _words(self, column: str, otherwise: str) -> str:
        return _value(column, self._columns) if column else _text(otherwise)

    def _check(self) -> None:
        form = self._format
        (answers,) = self._all("SELECT count(*) FROM asked")[0]
        if not answers:
            raise Invalid("bad_trace", f"{self._file.name}: there are no answers in it", param="trace")
        self._demand_few("SELECT count(*) FROM asked")
        when = "is no date and time from 1970 to 2199"
        if form.name in UNDATED:
            when = "is no milliseconds since the first answer"
        self._demand_none("at_us IS NULL", form.at, when)
        self._check_amounts()
        for member in ("customer", "model"):
            column = getattr(form, member)
            if column:
                self._demand_none(f"{member} IS NULL", column, "is empty")
        if form.blocks:
            wrong = "blocks IS NULL OR len(blocks) <> COALESCE(list_count(blocks), 0)"
            self._demand_none(wrong, form.blocks, "is no list of block numbers")
        self._demand_one_currency()
        self._demand_single_ids()
        if not self._reading.sort:
            before = "(SELECT row, at_us < lag(at_us) OVER (ORDER BY row) AS back FROM asked)"
            self._demand_none("back", form.at, "is before the row above; sort the file, or add --sort", before)

    def _check_amounts(self) -> None:
        form = self._format
        for kind, column in [*((kind, getattr(form, kind)) for kind in _TOKENS), *((one, one) for one in form.beside)]:
            if column:
                most = TRACE_TOKENS_MAX if kind not in _TIMES else TRACE_AT_US_MAX
                what = f"is not 0 to {most:,} whole {'tokens' if kind not in form.beside else 'ones'}"
                self._demand_none(f"{kind} IS NULL OR {kind} < 0 OR {kind} > {most}", column, what)
        for part, whole in (("cached", "input"), ("reasoning", "output")):
            what = f"is more than {getattr(form, whole)}, which it is a part of; --column {part}= leaves it out"
            self._demand_none(f"{part} > {whole}", getattr(form, part), what)
        for whole, parts in (("input", self._read), ("output", self._wrote)):
            what = f"is less than its parts {', '.join(parts)} together"
            self._demand_none(f"{whole} < {' + '.join(parts)}", getattr(form, whole), what)

    @property
    def _read(self) -> list[str]:
        """What is among the tokens read, as columns of ours."""
        return ["cached", *(bucket for bucket in self._format.beside if bucket in INPUT_BUCKETS)]

    @property
    def _wrote(self) -> list[str]:
        return ["reasoning", *(bucket for bucket in self._format.beside if bucket in OUTPUT_BUCKETS)]

    def _demand_few(self, count: str) -> None:
        (answers,) = self._all(count)[0]
        if answers > TRACE_ROWS_MAX:
            message = f"{self._file.name}: {answers:,} rows are more than {TRACE_ROWS_MAX:,}"
            raise Invalid("bad_trace", message, param="trace")

    def _demand_none(self, wrong: str, column: str, what: str, table: str = "asked") -> None:
        found = self._all(f"SELECT row FROM {table} WHERE {wrong} ORDER BY row LIMIT 1")
        if found:
            raise self._refusal(found[0][0], column, what)

    def _refusal(self, row: int, column: str, what: str) -> Invalid:
        raw = self._all(f"SELECT {_value(column, self._columns)} FROM {self._source} LIMIT 1 OFFSET {int(row) - 1}")[0][
            0
        ]
        found = "it" if raw is None and what.startswith("is empty") else "an empty cell"
        found = found if raw is None else repr(str(raw)[:60])
        message = f"{self._file.name}: row {row}, column {column!r}: {found} {what}"
        return Invalid("bad_trace", message, param=column)

    def _demand_one_currency(self) -> None:
        if not self._format.currency:
            return
        other = "(SELECT row, currency IS DISTINCT FROM first(currency) OVER (ORDER BY row) AS other FROM asked)"
        self._demand_none("other", self._format.currency, "is another currency than above; one trace has one", other)

    def _demand_single_ids(self) -> None:
        if not self._format.id:
            return
        nothing = "is empty, and tells no answers apart; --column id= leaves it out"
        self._demand_none("id IS NULL OR id = ''", self._format.id, nothing)
        again = self._all("SELECT max(row) FROM asked GROUP BY id HAVING count(*) > 1 ORDER BY 1 LIMIT 1")
        if again:
            raise self._refusal(again[0][0], self._format.id, "is there twice; every answer is counted once")

    def _read_blocks(self) -> None:
        """What each prompt would have found of itself in a cache, one after the other in the order of time."""
        if not self._format.blocks:
            return
        cache = PrefixCache(self._reading.cache_tokens)
        self._books.execute("CREATE TABLE found (row BIGINT, cached BIGINT)")
        prompts = self._books.cursor().execute("SELECT row, blocks, input FROM asked ORDER BY at_us, row")
        while part := prompts.fetchmany(PREFIX_ROWS_AT_ONCE):
            rows = np.array([row for row, _, _ in part], np.int64)
            cached = np.array([cache.read(blocks, int(tokens)) for _, blocks, tokens in part], np.int64)
            self._books.register("now", {"row": rows, "cached": cached})
            self._books.execute("INSERT INTO found SELECT * FROM now")
        self._books.execute("UPDATE asked SET cached = found.cached FROM found WHERE found.row = asked.row")
        ((cached_all, read_all),) = self._all("SELECT sum(cached), sum(input) FROM asked")
        self._notes.append(
            f"{100 * cached_all / max(1, read_all):.1f} % of the tokens read came from a cache of prompt beginnings of"
            f" {cache.tokens:,} tokens, the least recently used dropped first"
        )

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
        beside = "".join(f", CAST({bucket} AS BIGINT) AS {bucket}" for bucket in self._format.beside)
        self._books.execute(
            f"CREATE TABLE ready AS SELECT at_us + {self._moved_us()} AS at_us, c.place AS customer, m.place AS model,"
            f" CAST(input - {' - '.join(self._read)} AS BIGINT) AS input_tokens,"
            " CAST(cached AS BIGINT) AS cached_input_tokens,"
            f" CAST(output - {' - '.join(self._wrote)} AS BIGINT) AS output_tokens,"
            f" CAST(reasoning AS BIGINT) AS reasoning_tokens{beside}"
            " FROM asked JOIN customers c ON c.name = asked.customer JOIN models m ON m.name = asked.model"
            " ORDER BY asked.at_us, row"
        )
        self._books.execute("DROP TABLE asked")

    def _moved_us(self) -> int:
        start_us = self._reading.start_us
        if start_us is None:
            return self._reading.undated_us if self._format.name in UNDATED else 0
        ((first_us,),) = self._all("SELECT min(at_us) FROM asked")
        return start_us - int(first_us)


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _pointer(*members: str) -> str:
    """A JSON pointer (RFC 6901) to a member."""
    return "".join("/" + member.replace("~", "~0").replace("/", "~1") for member in members)


def _value(column: str, columns: Mapping[str, str]) -> str:
    """A column as text, or a member of the JSON, or of the struct, that is in it. columns: their types, by name."""
    if column in columns:
        return f"CAST({_name(column)} AS VARCHAR)"
    first, *members = column.split("/")
    whole = f"TRY_CAST({_name(first)} AS JSON)" if columns[first] == "VARCHAR" else f"to_json({_name(first)})"
    return f"({whole} ->> {_text(_pointer(*members))})"


_NO_ZONE: Final = r":[0-9.]+\s*[+-](1[5-9]|[2-9][0-9])"  # no place is 15 hours or more from UTC


def _since_start(text: str) -> str:
    """Microseconds of milliseconds since the first answer; NULL for what is none."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    return f"CASE WHEN {number} >= 0 AND {number} < 1e13 THEN CAST({number} * 1000 AS BIGINT) END"


def _instant(text: str) -> str:
    """Microseconds UTC of a date and time, or of a number since 1970 by its size; NULL for neither."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    exact = f"TRY_CAST({text} AS BIGINT)"
    date = f"TRY_CAST({text} AS TIMESTAMPTZ)"
    found = (
        f"CASE WHEN {exact} >= 100000000000000000 THEN {exact} // 1000 WHEN {exact} >= 100000000000000 THEN {exact}"
        f" WHEN {exact} >= 100000000000 THEN {exact} * 1000"
        f" WHEN {number} >= 0 AND {number} < 1e11 THEN CAST({number} * 1000000 AS BIGINT)"
        f" WHEN isfinite({date}) AND NOT regexp_matches({text}, '{_NO_ZONE}') THEN epoch_us({date}) END"
    )
    return f"(SELECT CASE WHEN us BETWEEN 0 AND {TRACE_AT_US_MAX - 1} THEN us END FROM (SELECT {found} AS us))"
