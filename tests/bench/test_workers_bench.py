"""The bench of workers still runs: a smoke run books every answer of one worker and of two."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_a_smoke_run_books_every_answer() -> None:
    if shutil.which("cc") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no C compiler; .ci/run installs one")
        pytest.skip("no C compiler to build the load generator with")
    command = [sys.executable, str(ROOT / "bench/workers.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(done.stdout)["requests_per_second_2_workers"] > 0
