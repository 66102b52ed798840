"""Files for spreadsheets, in which no text can be taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from starlette.responses import StreamingResponse

_BROKEN: Final = "broken off here: this file is not whole, download it again"
_AMOUNT: Final = re.compile(r"-[0-9]+(\.[0-9]+)?")


def harmless(value: object) -> object:
    """A text that a spreadsheet would take for a formula is shown as it is. Of those with a minus only amounts are
    none."""
    if not isinstance(value, str) or not value or value[0] not in "=+-@\t\r" or _AMOUNT.fullmatch(value):
        return value
    return f"'{value}"


def line_of(cells: Sequence[object]) -> str:
    """One line of a file."""
    written = io.StringIO()
    csv.writer(written).writerow([harmless(cell) for cell in cells])
    return written.getvalue()


def cut_after(count: int) -> str:
    """The last line of a file that has not all there is."""
    return line_of([f"cut after {count} rows: choose fewer"])


def sent_as(name: str, lines: AsyncIterator[str]) -> StreamingResponse:
    """A file that a browser keeps under a name. lines: some of them at a time."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(_marked(lines), 200, headers, "text/csv; charset=utf-8")


async def _marked(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield "\ufeff"  # so that spreadsheets read it as UTF-8
    try:
        async for some in lines:
            yield some
    except Exception:
        # The download fails, for its end is missing; and what was kept of it says so itself.
        yield line_of([_BROKEN])
        raise
