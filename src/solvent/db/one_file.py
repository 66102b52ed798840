"""The path of one file as DuckDB reads it, which takes *, ? and [ for patterns: `day[1].csv` is not `day1.csv`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PATTERNS: Final = re.compile(r"([*?\[])")


def one_file(file: Path) -> str:
    """The path as an SQL literal, in quotes."""
    path = _PATTERNS.sub(r"[\1]", str(file)).replace("'", "''")
    return f"'{path}'"
