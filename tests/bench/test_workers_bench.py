"""The bench of workers still runs: a smoke run books every answer of one worker and of two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.compiler import demand_compiler

ROOT = Path(__file__).resolve().parents[2]


def test_a_smoke_run_books_every_answer() -> None:
    demand_compiler()
    command = [sys.executable, str(ROOT / "bench/workers.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(done.stdout)["requests_per_second_2_workers"] > 0
