"""Does it last? Solvent under steady load, in front of an upstream in trouble: memory, holds and books at the end.

Run alone: `.venv/bin/python bench/soak.py` takes an hour; `--seconds 180 --rate 200` a few minutes. It says what came
of the questions, how resident memory went after the warm-up (a third of the time), and whether the books that a
SIGTERM leaves verify, hold nothing and know every answer that a client was told whole.
"""

import argparse
import asyncio
import json
import os
import shlex
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load import machine
from bench.load.askers import Askers
from bench.load.page import write_page
from bench.load.servers import UPSTREAM_KEY, Server, Solvent, solvent_config

SAMPLE_S = 1.0
WARM_UP = 1 / 3  # of the time
SETTLE_S = 35.0  # until what clients left behind has been drained or has gone silent
TROUBLE = "first_byte_s = 3\nsilence_s = 2\ntotal_s = 20\n"
COMMAND = f"{sys.executable} -m solvent.cli.main"
OPEN_HOLDS = """SELECT count(*) FROM transfers WHERE state = 'pending' AND id NOT IN
(SELECT resolves FROM transfers WHERE resolves <> '')"""


class Faulty(Server):
    """The upstream in trouble."""

    def __init__(self, directory: Path, seed: int) -> None:
        port = machine.free_port()
        command = [sys.executable, "-m", "bench.load.faulty", str(port), str(seed)]
        super().__init__("faulty", command, machine.all_cores(), directory / "faulty.log", {}, port=port)
        self.url = f"http://127.0.0.1:{port}/v1"

    def is_ready(self, log: str) -> bool:
        return "ready" in log


def main() -> int:
    """Run, tell, and fail where something did not last."""
    asked = _arguments()
    with machine.run_directory() as directory:
        found = asyncio.run(soak(directory, asked.seconds, asked.rate, asked.seed))
    print(json.dumps(found, indent=2))
    if asked.to is not None:
        write(found, asked.to)
    return 0 if is_sound(found) else 1


async def soak(directory: Path, seconds: float, rate: float, seed: int) -> dict[str, Any]:
    """One run. Figures by name; see `is_sound` for what they must be."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(machine.ROOT), os.environ.get("PYTHONPATH", "")])
    upstream = Faulty(directory, seed)
    server = Solvent(COMMAND, directory, upstream.url)
    (directory / "solvent.toml").write_text(solvent_config(upstream.url) + TROUBLE)
    server.pin(machine.all_cores())
    samples: list[tuple[float, float]] = []
    try:
        upstream.serve()
        server.serve()
        askers = Askers(server.port, server.key, seed)
        begin_cpu = machine.cpu_seconds([server.pid])
        sampling = asyncio.create_task(_sample(server.pid, samples))
        await askers.ask_for(seconds, rate)
        cpu_share = (machine.cpu_seconds([server.pid]) - begin_cpu) / seconds
        sampling.cancel()
        await asyncio.sleep(min(SETTLE_S, 5 + seconds / 4))
    finally:
        server.stop()
        upstream.stop()
    return {
        "seconds": seconds, "rate": rate, "seed": seed, "cpu_share_of_a_core": round(cpu_share, 3),
        "told": dict(askers.told), **_memory(samples), **_books(server, directory),
    }  # fmt: skip


def is_sound(found: dict[str, Any]) -> bool:
    """Whether the books are right, nothing is held, and no answer that was told is missing."""
    told = found["told"]
    kept = found["answered_on_record"]
    return bool(
        found["books_verify"]
        and found["open_holds"] == 0
        and told.get("overdue", 0) == told.get("cut off", 0) == 0
        and told["acknowledged"] <= kept <= told["acknowledged"] + told.get("left", 0)
        and found["answers_on_record"] == sum(told.values())
    )


async def _sample(pid: int, samples: list[tuple[float, float]]) -> None:
    begin = time.monotonic()
    while True:
        samples.append((time.monotonic() - begin, machine.resident_mib(machine.tree(pid))))
        await asyncio.sleep(SAMPLE_S)


def _memory(samples: list[tuple[float, float]]) -> dict[str, float]:
    """How resident memory went: MiB at the start of the window, at its end, and the slope of the line through it."""
    warm = samples[int(len(samples) * WARM_UP) :]
    mean_s, mean_mib = (sum(values) / len(warm) for values in zip(*warm, strict=True))
    spread = sum((at - mean_s) ** 2 for at, _ in warm)
    slope = sum((at - mean_s) * (mib - mean_mib) for at, mib in warm) / spread
    return {"resident_mib_warm": round(warm[0][1], 1), "resident_mib_end": round(warm[-1][1], 1),
            "resident_mib_per_hour": round(slope * 3600, 2)}  # fmt: skip


def _books(server: Solvent, directory: Path) -> dict[str, Any]:
    command = [*shlex.split(COMMAND), "ledger", "verify", "--json", "--data", str(server.data)]
    command += ["--config", str(directory / "solvent.toml")]
    environment = {**os.environ, "BENCH_UPSTREAM_KEY": UPSTREAM_KEY}
    verified = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    with sqlite3.connect(server.data / "solvent.db") as books:
        outcomes = dict(books.execute("SELECT outcome, count(*) FROM receipts GROUP BY outcome").fetchall())
        (open_holds,) = books.execute(OPEN_HOLDS).fetchone()
    return {
        "books_verify": verified.returncode == 0, "open_holds": open_holds, "outcomes": outcomes,
        "answered_on_record": outcomes.get("answered", 0), "answers_on_record": sum(outcomes.values()),
    }  # fmt: skip


def write(found: dict[str, Any], folder: Path) -> None:
    """The page for people and the file for programs."""
    flat = {key: value for key, value in found.items() if not isinstance(value, dict)}
    flat |= {f"told_{key.replace(' ', '_')}": value for key, value in found["told"].items()}
    flat |= {f"outcome_{key}": value for key, value in found["outcomes"].items()}
    about = (
        f"An upstream in trouble (500, 429, resets, cuts, stalls, garbage: 12 of 100 questions), {found['rate']:g} "
        f"questions/s for {found['seconds']:,.0f} s, three in ten of them streams of which one in twenty is left "
        f"in the middle. Memory is that after the first third."
    )
    write_page("soak", "Soak", about, flat, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=500, help="questions a second")
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--to", type=Path, help="write soak.md and soak.json into this folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
