"""The benchmark's harness works: it compiles, starts the real server, loads it, and finds every answer booked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.compiler import demand_compiler

ROOT = Path(__file__).parents[2]


def test_a_short_run_measures_and_finds_every_answer_on_the_books(tmp_path: Path) -> None:
    demand_compiler()
    command = [sys.executable, "bench/gateway.py", "--smoke", "--peers", "--to", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    figures = json.loads((tmp_path / "gateway.json").read_text())["figures"]
    assert figures["answers_by_client"] == figures["answers_on_record"] == figures["answers_on_record_after_kill"]
    assert figures["requests_per_second_one_core"] > 0
    assert (tmp_path / "gateway.md").is_file()
