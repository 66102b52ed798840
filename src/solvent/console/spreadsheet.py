"""Files for spreadsheets, in which no text can be taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence

from starlette.responses import StreamingResponse


def harmless(value: object) -> object:
    """A name that a spreadsheet would take for a formula is shown as it is. Amounts may begin with a minus."""
    is_formula = isinstance(value, str) and value[:1] in "=+@\t\r" and value
    return f"'{value}" if is_formula else value


def harmless_name(name: str) -> str:
    """The same for a text that is never an amount."""
    return f"'{name}" if name[:1] == "-" else str(harmless(name))


def line_of(cells: Sequence[object]) -> str:
    """One line of a file."""
    written = io.StringIO()
    csv.writer(written).writerow([harmless(cell) for cell in cells])
    return written.getvalue()


def sent_as(name: str, lines: AsyncIterator[str]) -> StreamingResponse:
    """A file that a browser keeps under a name. lines: some of them at a time."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(_marked(lines), 200, headers, "text/csv; charset=utf-8")


async def _marked(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield "\ufeff"  # so that spreadsheets read it as UTF-8
    async for some in lines:
        yield some
