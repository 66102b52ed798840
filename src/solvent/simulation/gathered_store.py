"""Answers that come in pieces, such as from the service's own journal, gathered into a trace that no memory holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from solvent.simulation.trace import BESIDE, Trace, Whole
from solvent.simulation.trace_store import blocks_of, duckdb_module, open_columns
from solvent.values.errors import Invalid
from solvent.values.limits import TRACE_CUSTOMERS_MAX, TRACE_ROWS_MAX
from solvent.values.usage import BUCKETS


class Gathered:
    """Columns in a file of DuckDB's, in its memory limit; the file is gone when the trace is closed."""

    def __init__(self, source: str) -> None:
        """source: where the answers are from, for people. Raises Invalid where DuckDB is not installed."""
        duckdb_module()
        self._source = source
        self._folder = tempfile.TemporaryDirectory(prefix="solvent-trace-")
        self._books = open_columns(self._folder.name)
        columns = ", ".join(f"{name} BIGINT" for name in ("seq", "at_us", "customer", "model", *BESIDE, *BUCKETS))
        self._books.execute(f"CREATE TABLE asked ({columns})")
        self._customers: dict[str, int] = {}
        self._models: dict[str, int] = {}
        self._used: set[str] = set()
        self._answers = 0

    def take_in(
        self, at_us: Sequence[int], customers: Sequence[str], models: Sequence[str],
        beside: Mapping[str, Sequence[int]], used: Mapping[str, Whole],
    ) -> None:  # fmt: skip
        """Some answers more, a place in every column for each. beside: by the names of BESIDE. used: by bucket."""
        count = len(at_us)
        rows: dict[str, Whole] = {
            "seq": np.arange(self._answers, self._answers + count),
            "at_us": np.array(at_us, np.int64),
            "customer": _places(customers, self._customers),
            "model": _places(models, self._models),
        }
        rows |= {name: np.array(beside[name], np.int64) for name in BESIDE}
        nothing = np.zeros(count, np.int64)
        rows |= {bucket: used.get(bucket, nothing) for bucket in BUCKETS}
        self._used |= {bucket for bucket, column in used.items() if column.any()}
        self._answers += count
        self._demand_few()
        self._books.register("now", rows)
        self._books.execute("INSERT INTO asked SELECT * FROM now")
        self._books.unregister("now")

    def _demand_few(self) -> None:
        for count, most, what in (
            (self._answers, TRACE_ROWS_MAX, "answers"), (len(self._customers), TRACE_CUSTOMERS_MAX, "customers"),
        ):  # fmt: skip
            if count > most:
                message = f"{self._source}: more than {most:,} {what}; replay a shorter time"
                raise Invalid("bad_trace", message, param="since")

    @contextmanager
    def trace(self, **more: Any) -> Iterator[Trace]:
        """All that was taken in, in the order of time. more: other fields of the trace. Raises Invalid when that is
        nothing."""
        with self._folder:
            try:
                yield msgspec.structs.replace(self._trace(), **more)
            finally:
                self._books.close()

    def _trace(self) -> Trace:
        if not self._answers:
            message = f"{self._source}: there are no answers in it, so there is nothing to replay"
            raise Invalid("bad_trace", message)
        used = [bucket for bucket in BUCKETS if bucket in self._used]
        columns = ", ".join(("at_us", "customer", "model", *BESIDE, *used))
        self._books.execute(f"CREATE TABLE ready AS SELECT {columns} FROM asked ORDER BY at_us, seq")
        self._books.execute("DROP TABLE asked")
        from_us, until_us = self._books.execute("SELECT min(at_us), max(at_us) + 1 FROM ready").fetchone()
        return Trace(
            self._source, tuple(self._customers), tuple(self._models), self._answers, from_us, until_us,
            lambda: blocks_of(self._books),
        )  # fmt: skip


def _places(names: Sequence[str], known: dict[str, int]) -> Whole:
    """Names get places in the order in which they first come."""
    return np.fromiter((known.setdefault(name, len(known)) for name in names), np.int64, len(names))
