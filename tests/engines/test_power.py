"""Power: read from the machine where it says, worked out and marked so where it does not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from solvent.engines.power import PackagePower, RatedPower, power


@pytest.mark.parametrize(
    ("watts", "threads", "cores", "milliwatts"),
    [(65, 2, 4, 32_500), (65, 4, 4, 65_000), (65, 9, 4, 65_000), (280, 1, 64, 4_375), (0, 1, 1, 0), (65, 1, 0, 0)],
)
def test_rated_power_is_the_share_of_the_cores_that_work(watts: int, threads: int, cores: int, milliwatts: int) -> None:
    rated = RatedPower(watts, threads, cores)
    assert rated.milliwatts() == milliwatts
    assert rated.estimated


def counter(tmp_path: Path, microjoules: int) -> Path:
    file = tmp_path / "energy_uj"
    file.write_text(f"{microjoules}\n")
    return file


def test_the_machines_own_counter_is_averaged_over_the_time_between(tmp_path: Path) -> None:
    file = counter(tmp_path, 1_000)
    source = PackagePower(file)
    assert not source.estimated
    started = time.monotonic()
    time.sleep(0.25)
    counter(tmp_path, 1_000 + 5_000_000)  # five joules in a quarter of a second
    found = source.milliwatts()
    asked = time.monotonic()
    assert 5_000 / (asked - started) * 0.9 <= found <= 5_000 / 0.25
    again = source.milliwatts()
    if time.monotonic() - asked < 0.2:  # else this machine was too busy to ask again at once
        assert again == found


def test_a_counter_that_began_again_keeps_the_last_figure(tmp_path: Path) -> None:
    source = PackagePower(counter(tmp_path, 0))
    time.sleep(0.21)
    counter(tmp_path, 4_000_000)
    before = source.milliwatts()
    assert before > 0
    time.sleep(0.21)
    counter(tmp_path, 10)
    assert source.milliwatts() == before


def test_a_counter_that_cannot_be_read_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="energy_uj"):
        PackagePower(tmp_path / "energy_uj")
    (tmp_path / "energy_uj").write_text("not supported")
    with pytest.raises(ValueError, match="not supported"):
        PackagePower(tmp_path / "energy_uj")


def test_there_is_always_a_source() -> None:
    assert power(65, 2, 4).milliwatts() >= 0
