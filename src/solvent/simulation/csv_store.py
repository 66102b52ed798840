"""How a CSV file is written, from its first line, so that nothing is guessed of its rows: a reader that guesses skips
what does not fit what it guessed, and says nothing of it."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from solvent.db.one_file import one_file
from solvent.values.errors import Invalid
from solvent.values.limits import TRACE_HEAD_BYTES_MAX

_DELIMITERS: Final = (",", ";", "\t", "|")
_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
_CELLS: Final = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


def csv_source(file: Path) -> str:
    """What DuckDB reads its rows from, as texts: commas, semicolons, tabs or bars between cells, quotes around them
    where need be (RFC 4180). Raises Invalid where it has no head."""
    delimiter, cells = _cells(file)
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in _names(cells))
    return (
        f"read_csv({one_file(file)}, auto_detect = false, header = true, delim = {_text(delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}})"
    )


def demand_single(file: Path, used: Iterable[str]) -> None:
    """Raises Invalid where a column that is used is not the only one of its name."""
    _, cells = _cells(file)
    names = Counter(cell.strip().lower() for cell in cells)
    for column in used:
        if names[column.lower()] > 1:
            message = f"{file.name}: its first line names column {column!r} more than once; rename or remove the others"
            raise Invalid("bad_trace", message, param=column)


def csv_problem(file: Path, said: str) -> str:
    """What DuckDB says of a file that it cannot read, by row; "" where it says nothing of a row."""
    line = _LINE.search(said)
    if "not utf-8" in said.lower():
        where = f"line {line[1]}" if line else "somewhere"
        return f"{file.name}: {where} is not UTF-8; save the file as UTF-8"
    if line is None:
        return ""
    cells = _CELLS.search(said)
    where = f"{file.name}: row {int(line[1]) - 1}"
    if cells is not None:
        return f"{where} has {cells[2]} cells, and the file has {cells[1]} columns"
    return f"{where}: a quotation mark is not closed" if "unterminated quote" in said else ""


def _cells(file: Path) -> tuple[str, list[str]]:
    """What parts the cells, and those of the first line."""
    head = _head(file)
    delimiter = max(_DELIMITERS, key=head.count)
    (cells,) = csv.reader([head], delimiter=delimiter)
    return delimiter, cells


def _head(file: Path) -> str:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        began = opened.read(TRACE_HEAD_BYTES_MAX)
    line = re.split(rb"\r\n|\r|\n", began, maxsplit=1)[0].removeprefix(b"\xef\xbb\xbf")
    if len(line) >= TRACE_HEAD_BYTES_MAX - 3 or not line.strip():
        message = f"{file.name}: its first line does not name columns; write their names there, as commas part them"
        raise Invalid("bad_trace", message, param="trace")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise Invalid("bad_trace", f"{file.name}: line 1 is not UTF-8; save the file as UTF-8", param="trace") from None


def _names(cells: list[str]) -> list[str]:
    """Each another one: a column without a name, or with that of another, has its number."""
    names: list[str] = []
    for number, cell in enumerate(cells):
        name = cell.strip() or f"column{number}"
        names.append(f"{name}_{number}" if name.lower() in {known.lower() for known in names} else name)
    return names


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
