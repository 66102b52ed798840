"""The benches' load generator is written in C: without a compiler their tests are skipped, but never in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def demand_compiler() -> None:
    """Skip the test where there is none."""
    if shutil.which("cc") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no C compiler; .ci/run installs one")
        pytest.skip("no C compiler to build the load generator with")
