"""The real bean-check, as a program beside ours: the package is GPL, so it is never imported and never shipped."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / ".venv-beancount" / "bin" / "bean-check"


def bean_check(file: Path) -> str:
    """What bean-check says of a file; nothing when every sum is right."""
    if not PROGRAM.exists():
        words = "bean-check is not here: make .venv-beancount"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    done = subprocess.run([PROGRAM, "--no-cache", str(file)], capture_output=True, text=True, timeout=300)
    assert (done.returncode == 0) == (not done.stderr + done.stdout), done
    return done.stdout + done.stderr
