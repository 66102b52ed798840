"""Two workers beside one: what `--workers 2` carries on two cores that the load generator needs a share of, too.

Run alone: `.venv/bin/python bench/workers.py`; `--database URL` takes a Postgres instead of SQLite (its own processor
time is then counted with the load's), `--smoke` only shows that the harness works. Writes docs/benchmarks/workers.*.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load import machine
from bench.load.busy import Busy
from bench.load.page import write_page
from bench.load.reading import Load, Reading, read, write_bodies
from bench.load.servers import Solvent, Upstream

COMMAND = f"{sys.executable} -m solvent.cli.main"
CONNECTIONS = 128
WORKERS = (1, 2)
FULL_CORES = 2


class Found:
    """One round of one number of workers. load_cores: what the load, and all else that ran, left no worker."""

    def __init__(self, answers: float, seconds: float, server_cores: float, load_cores: float, booked: bool) -> None:
        self.rate = answers / seconds
        self.server_cores = server_cores
        self.load_cores = load_cores
        self.booked = booked


def one_round(directory: Path, workers: int, seconds: float, database: str) -> Found:
    """Start so many workers on fresh books, load them to the brim, and look whether every answer is booked."""
    directory.mkdir()
    write_bodies(directory)
    upstream = Upstream(directory)
    server = Solvent(COMMAND, directory, upstream.url, ["--workers", str(workers)], database)
    server.pin(machine.all_cores() if workers > 1 else [machine.cores()[0]])
    try:
        upstream.serve()
        server.serve()
        warm = _loaded(server, upstream, directory, Load(CONNECTIONS, min(1.5, seconds)))
        busy, before = Busy(), machine.cpu_seconds(machine.tree(server.pid))
        reading = _loaded(server, upstream, directory, Load(CONNECTIONS, seconds, warm_up=0.0))
        spent = machine.cpu_seconds(machine.tree(server.pid)) - before
        others = busy.other_cores()
        server_cores = spent / reading.window_seconds
        expected = warm.answers_200_ever + reading.answers_200_ever
        booked = reading.failures == 0 and server.answers_on_record(expected) == expected
        load_cores = reading.load_cpu_share + max(0.0, others - server_cores - reading.load_cpu_share)
        return Found(reading.answers, reading.window_seconds, server_cores, load_cores, booked)
    finally:
        server.stop()
        upstream.stop()


def _loaded(server: Solvent, upstream: Upstream, directory: Path, load: Load) -> Reading:
    client = machine.compile_tool("client")
    return read(
        client, directory, load, port=server.port, key=server.key, pid=server.pid, upstream=upstream.pid, headers=""
    )


def figures_of(found: dict[int, list[Found]]) -> dict[str, float]:
    """Medians of the rounds. The ratio is given as it is, and for the cores that the load left to two workers."""
    rate = {n: median(one.rate for one in rounds) for n, rounds in found.items()}
    load = median(one.load_cores for one in found[2])
    left = max(1.0, FULL_CORES - load)
    figures = {f"requests_per_second_{n}_workers": round(rate[n], 1) for n in WORKERS}
    figures |= {f"server_cores_{n}_workers": round(median(one.server_cores for one in found[n]), 2) for n in WORKERS}
    ratio = rate[2] / rate[1]
    return figures | {
        "load_cores_beside_2_workers": round(load, 2),
        "ratio_two_to_one": round(ratio, 3),
        "ratio_two_to_one_for_two_whole_cores": round(ratio * FULL_CORES / left, 3),
        "rounds_with_every_answer_booked": sum(one.booked for rounds in found.values() for one in rounds),
        "rounds": sum(map(len, found.values())),
    }


def main() -> int:
    """Measure in turns, print, and write the table unless it was a smoke run."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--seconds", type=float, default=5.0)
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--database", default="", help="postgresql://...; empty for SQLite. Its tables are left there")
    reader.add_argument("--smoke", action="store_true")
    said = reader.parse_args()
    rounds, seconds = (1, 1.0) if said.smoke else (said.rounds, said.seconds)
    found: dict[int, list[Found]] = {n: [] for n in WORKERS}
    with machine.run_directory() as directory:
        for turn in range(rounds):
            for workers in WORKERS if turn % 2 == 0 else reversed(WORKERS):
                one = one_round(directory / f"{turn}-{workers}", workers, seconds, said.database)
                found[workers].append(one)
                words = f"{one.server_cores:.2f} cores, load {one.load_cores:.2f}"
                print(f"  {workers} workers: {one.rate:,.0f} answers/s, {words}", file=sys.stderr)
    figures = figures_of(found)
    print(json.dumps(figures, indent=2))
    if not said.smoke:
        write(figures, "Postgres" if said.database else "SQLite", seconds)
    return 0 if figures["rounds_with_every_answer_booked"] == figures["rounds"] else 1


def write(figures: dict[str, float], books: str, seconds: float) -> None:
    """The page for people and the file for programs."""
    about = (
        f"Whole answers, {CONNECTIONS} connections, {seconds:g} s a round, medians of interleaved rounds, every answer "
        "durable before it is told. One worker has a core for itself, the load generator and the upstream the other; "
        "two workers share both cores with them. The last ratio is for two whole cores: the answers, divided by the "
        "share of the cores that load and other work left."
    )
    write_page("workers", "Two workers beside one", about, figures, books=books)


if __name__ == "__main__":
    sys.exit(main())
