"""A file's name is its name, whatever it looks like."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from solvent.db.one_file import one_file


@pytest.mark.parametrize(
    "name", ["day[1].csv", "all*.csv", "wh?.csv", "it's.csv", "[[*]].csv", "plain.csv", "a]b[.csv"]
)
def test_a_name_with_signs_of_patterns_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    for other in ("day1.csv", "allx.csv", "why.csv", "its.csv", "*.csv", "ab.csv", "[x].csv"):
        (tmp_path / other).write_text("n\n0\n")
    (tmp_path / name).write_text("n\n1\n")
    found = duckdb.connect().execute(f"SELECT n FROM read_csv({one_file(tmp_path / name)}, header = true)")
    assert found.fetchall() == [(1,)]
