"""The bench of replays still runs: a smoke run prints its figures and writes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_smoke_run_prints_every_figure() -> None:
    command = [sys.executable, str(ROOT / "bench/simulation.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    figures = json.loads(done.stdout)
    published = json.loads((ROOT / "docs/benchmarks/simulation.json").read_text())["figures"]
    assert set(figures) <= set(published)
    assert min(figures.values()) > 0
