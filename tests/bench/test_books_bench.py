"""The harness of the books' bench works: it makes real books, asks every page of them, closes, verifies and books."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.load.asked import QUESTIONS

ROOT = Path(__file__).parents[2]


def test_a_short_run_makes_books_that_verify_and_asks_every_page(tmp_path: Path) -> None:
    command = [sys.executable, "bench/books.py", "--smoke", "--keep", str(tmp_path / "books"), "--to", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    figures = json.loads((tmp_path / "books.json").read_text())["figures"]
    assert figures["answers_on_record"] == 4_000
    assert figures["month_close_statements"] == figures["customers"] == 60, "everybody had answers in the last month"
    assert all(figures[f"{name}_ms_warm"] > 0 for name in QUESTIONS)
    assert figures["booking_full_books_transfers_us"] > 0
    page = (tmp_path / "books.md").read_text()
    assert "nothing wrong" in page
    assert "smoke run" in page
