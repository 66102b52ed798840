"""What NVIDIA cards draw, read through the real nvidia-ml-py from a driver library of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from solvent.engines.power import GpuPower, RatedPower, SummedPower, power

READ = """
from solvent.engines.power import GpuPower, RatedPower, SummedPower, power
gpu = GpuPower()
both = power(65, 1, 2, with_gpu=True)
alone = power(65, 1, 2)
print(gpu.milliwatts(), gpu.estimated, both.milliwatts() - alone.milliwatts() if alone.estimated else 345500)
"""


def test_adds_up_all_cards(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no C compiler; .ci/run installs one")
        pytest.skip("no C compiler to build the stand-in driver with")
    source = Path(__file__).with_name("nvml.c")
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["345500", "False", "345500"]


def test_without_a_card_the_processor_alone_counts() -> None:
    try:
        GpuPower()
    except OSError:
        assert not isinstance(power(65, 1, 2, with_gpu=True), SummedPower)
    else:
        pytest.skip("this machine has an NVIDIA card")


def test_a_sum_is_as_sure_as_its_least_sure_part() -> None:
    rated = RatedPower(60, 1, 2)
    both = SummedPower((rated, RatedPower(10, 1, 1)))
    assert (rated.milliwatts(), both.milliwatts(), both.estimated) == (30_000, 40_000, True)
