"""Simulations that a service runs: none outlives it, none takes more than its memory, and each says how it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.doors.server import Solvent, eventually

from solvent.app.asked import FOR, MARK, AskedFor, Told

LONG = {"source": "generated", "generate": "customers=20000,days=300", "start": "2026-11-01", "model": "plain"}


def newest(solvent: Solvent) -> dict[str, Any]:
    found: dict[str, Any] = solvent.operate("GET", "/v1/simulations/asked")["data"][0]
    return found


def until(solvent: Solvent, *states: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = newest(solvent)
        return found if found["state"] in states else None

    return eventually(look, f"it was never {states}", 30)


def runs_of(solvent: Solvent) -> list[str]:
    """The simulators that work on these books, by their command lines."""
    lines = []
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_bytes().decode().replace("\0", " ")
        except OSError:
            continue
        if "solvent.cli.main simulate" in line and str(solvent.data) in line:
            lines.append(line)
    return lines


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_one_ends_with_its_service_however_that_ends(solvent: Solvent) -> None:
    ends: tuple[Callable[[], object], ...] = (solvent.kill, solvent.stop)
    for end in ends:
        solvent.operate("POST", "/v1/simulations", LONG)
        until(solvent, "running")
        eventually(lambda: runs_of(solvent), "no simulator runs")
        end()
        eventually(lambda: not runs_of(solvent) or None, "the simulator outlives its service")
        solvent.start()
        lost = until(solvent, "lost")
        assert (lost["code"], lost["run"]) == ("service_stopped", "")
        assert lost["ended"]
    assert not (solvent.data / "simulating").exists()
    assert solvent.operate("GET", "/v1/simulations")["data"] == []


def test_one_that_needs_more_memory_than_it_may_have_says_so(tmp_path: Path) -> None:
    words = [
        "simulate",
        "optimise",
        "--customers",
        "200000",
        "--cost",
        "20",
        "--assume",
        "worth=350",
        "--assume",
        "metering=7000",
        "--assume",
        "inertia=1000",
        "--seeds",
        "100",
        "--no-keep",
    ]
    told = AskedFor("key_kim", tuple(words), 200 * 1024 * 1024)
    process = subprocess.Popen(
        [sys.executable, "-m", "solvent.cli.main", *words], cwd=tmp_path, stdin=subprocess.PIPE,
        stderr=subprocess.PIPE, env=os.environ | {FOR: msgspec.json.encode(told).decode()},
    )  # fmt: skip
    assert process.stderr is not None
    last = process.stderr.read().decode().splitlines()[-1]
    assert process.wait() == 1
    assert msgspec.json.decode(last.removeprefix(MARK), type=Told).code == "simulation_too_large", last
