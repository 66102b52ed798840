"""Engine logs from Parquet, read by DuckDB some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from solvent.db.one_file import one_file
from solvent.values.errors import Invalid

_ROWS: Final = 10_000  # at a time


@contextmanager
def open_parquet(file: Path) -> Iterator[tuple[Sequence[str], Iterator[Mapping[str, object]]]]:
    """Its columns and rows. Raises Invalid for what is no Parquet."""
    try:
        import duckdb
    except ImportError:
        message = "reading Parquet needs DuckDB; install it with: pip install 'solvent[simulation]'"
        raise Invalid("bad_engine_log", message, param="log") from None
    books = duckdb.connect()
    try:
        found = books.execute(f"SELECT * FROM read_parquet({one_file(file)})")  # noqa: S608
        columns = [str(column[0]) for column in found.description]
        yield columns, _fetched(found, columns)
    except duckdb.Error as wrong:
        message = f"{file.name} cannot be read: {str(wrong).splitlines()[0][:200]}"
        raise Invalid("bad_engine_log", message, param="log") from None
    finally:
        books.close()


def _fetched(found: Any, columns: Sequence[str]) -> Iterator[Mapping[str, object]]:
    while rows := found.fetchmany(_ROWS):
        for row in rows:
            yield dict(zip(columns, row, strict=True))
