"""The bench of attribution still runs: a smoke run prints its figures and writes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_smoke_run_prints_its_figures() -> None:
    command = [sys.executable, str(ROOT / "bench/attribution.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    figures = json.loads(done.stdout)
    published = json.loads((ROOT / "docs/benchmarks/attribution.json").read_text())["figures"]
    assert {name for name in figures if "_at_4" not in name} <= set(published)
    assert (figures["batches_with_inexact_sums"], published["batches_with_inexact_sums"]) == (0, 0)
    assert published["batches"] >= 1_000_000
