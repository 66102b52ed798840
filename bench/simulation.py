"""Replay: answers a second on one core, a file and a journal from end to end with their memory, years drawn.

Run alone: `.venv/bin/python bench/simulation.py`; `--rows 44000000` is a file the size of Azure's week (minutes, 6 GB
of disk), `--peers` measures only how fast a replay rates and what else could, `--smoke` only shows that the harness
works. Writes docs/benchmarks/simulation.{md,json}.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb
import numpy as np
from bench.load import machine
from bench.load.made_journal import replay_journal
from bench.load.page import PAGES, write_page
from bench.load.rating_peers import peers_per_s

from solvent.billing.included import Included
from solvent.billing.plan import Plan
from solvent.pricing.rate_card import RateCard
from solvent.simulation.arrival import ACTIVITY_SIGMA
from solvent.simulation.assumption import Assumptions
from solvent.simulation.outcome import CustomerLine, Outcome
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Scenario, Sold
from solvent.simulation.trace import Block, Trace
from solvent.simulation.trace_store import Reading, open_trace
from solvent.simulation.year import as_fitted, year
from solvent.simulation.year_draw import heavy_of
from solvent.values.instant import instant
from solvent.values.limits import TRACE_BLOCK_ROWS
from solvent.values.money import Money

ROOT = Path(__file__).resolve().parents[1]
AZURE_WEEK_ROWS = 44_000_000
START_US = instant("2026-11-01", "bench")
MONTH_US = 29 * 86_400 * 10**6
PRICE = RateCard("price", "USD", 0, "", input_picos=1_000_000, output_picos=4_000_000)
COST = RateCard("cost", "USD", 0, "", input_picos=400_000, output_picos=1_600_000)
QUOTAS = {
    "answers": (Included("answers", 100),),
    "tokens": (Included("tokens", 100_000),),
    "money": (Included("money", 10**8),),
}  # fmt: skip


def scenario(quotas: tuple[Included, ...]) -> Scenario:
    """Everybody on one plan that goes on account when its quota is used up."""
    plan = Plan(
        name="plan",
        price=Money(20 * 10**9, "USD"),
        included=quotas,
        beyond="overage",
        overage_most=Money(10**10, "USD"),
    )
    sold = {name: Sold((PRICE,), (COST,)) for name in ("large", "small")}
    return Scenario(name="bench", currency="USD", time_zone="UTC", plans={"plan": plan}, plan="plan", sold=sold)


def made_trace(answers: int, customers: int) -> Trace:
    """Heavy-tailed customers, lognormal lengths, two models, a month; from a seed."""
    chance = np.random.default_rng(1)
    weights = chance.lognormal(0, ACTIVITY_SIGMA, customers)
    whose = chance.choice(customers, answers, p=weights / weights.sum())
    at_us = START_US + np.sort(chance.integers(0, MONTH_US, answers))
    read = np.minimum(chance.lognormal(6, 1.2, answers), 100_000).astype(np.int64)
    written = np.minimum(chance.lognormal(5.5, 1, answers), 10_000).astype(np.int64)
    model = chance.integers(0, 2, answers)

    def blocks() -> Iterator[Block]:
        for first in range(0, answers, TRACE_BLOCK_ROWS):
            rows = slice(first, first + TRACE_BLOCK_ROWS)
            used = {"input_tokens": read[rows], "output_tokens": written[rows]}
            yield Block(at_us[rows], whose[rows], model[rows], used)

    names = tuple(str(n) for n in range(customers))
    return Trace("made", names, ("large", "small"), answers, int(at_us[0]), int(at_us[-1]) + 1, blocks)


def rate_per_s(trace: Trace, quotas: tuple[Included, ...]) -> float:
    """Answers a second of processor time, from blocks at hand to an outcome."""
    began = time.process_time()
    replay(trace, scenario(quotas))
    return trace.answers / (time.process_time() - began)


def write_file(file: Path, rows: int) -> None:
    """A CSV with Azure's columns and customers beside them, a week long."""
    duckdb.connect().execute(
        f"COPY (SELECT make_timestamp({START_US} + n * (604800000000 // {rows})) AS TIMESTAMP, CAST(50 +"
        " pow(hash(n) % 1000000 / 250000.0, 6) AS BIGINT) AS ContextTokens, 1 + hash(n + 1) % 700 AS GeneratedTokens,"
        f" hash(n // 3) % 100000 AS customer FROM range({rows}) t(n)) TO '{file}' (HEADER)"
    )


def replay_file(rows: int) -> dict[str, float]:
    """Seconds from opening a file to its outcome, and the most memory of this process meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.csv"
        write_file(file, rows)
        size = file.stat().st_size
        began = time.perf_counter()
        with open_trace(file, Reading({"customer": "customer"}, "large")) as trace:
            opened = time.perf_counter()
            replay(trace, scenario(QUOTAS["tokens"]))
        ended = time.perf_counter()
    return {
        "rows": rows, "mb": size / 1e6, "seconds": ended - began, "seconds_reading": opened - began,
        "peak_mib": peak_mib(),
    }  # fmt: skip


def peak_mib() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def short(value: float) -> float:
    """Three digits that count, however small: a smoke run takes no time to speak of."""
    return float(f"{value:.3g}") if value < 1_000 else round(value)


def draw_seconds(customers: int, draws: int) -> float:
    """Seconds to draw a year of so many customers so many times, from an outcome at hand: all assumptions at work."""
    chance = np.random.default_rng(2)
    costs = chance.lognormal(20, ACTIVITY_SIGMA, customers).astype(np.int64)

    def priced(fee: int) -> Outcome:
        lines = tuple(
            CustomerLine(str(n), "plan", 1 + cost // 4_000_000, 0, 50_000, 1, fee, fee * 17 // 20, 0, 0, 0, cost)
            for n, cost in enumerate(costs.tolist())
        )
        return Outcome("plan", "made", "USD", START_US, START_US + MONTH_US, lines)

    outcome, today = priced(20 * 10**9), priced(15 * 10**9)
    began = time.perf_counter()
    heavy = heavy_of(outcome)
    year(outcome, as_fitted(Assumptions(), heavy), draws, heavy=heavy, before=today)
    return time.perf_counter() - began


def main() -> None:
    """Measure, print, and write the table and the figures unless it was a smoke run."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rows", type=int, default=4_400_000)
    reader.add_argument("--journal-rows", type=int, default=2_000_000)
    reader.add_argument("--peers", action="store_true", help="only what else could rate, and what it is held against")
    reader.add_argument("--smoke", action="store_true")
    said = reader.parse_args()
    # First: the peak is this process's highest ever.
    streamed = {} if said.peers else replay_file(20_000 if said.smoke else said.rows)
    trace = made_trace(20_000 if said.smoke else 4_000_000, 500 if said.smoke else 100_000)
    speeds = {name: rate_per_s(trace, quotas) for name, quotas in QUOTAS.items()}
    figures = {
        "replay_answers_per_second_one_core": round(min(speeds.values())),
        **{f"replay_answers_per_second_{name}": round(speed) for name, speed in speeds.items()},
        **{f"file_{name}": short(value) for name, value in streamed.items()},
    }  # fmt: skip
    beside = peers_per_s(trace, PRICE, 2_000 if said.smoke else 200_000, with_litellm=not said.smoke)
    figures |= {name: round(speed) for name, speed in beside.items()}
    if not said.peers:
        figures |= others(said)
    if streamed.get("rows") == AZURE_WEEK_ROWS:
        figures |= {"rows_44m_seconds": round(streamed["seconds"], 1), "rows_44m_peak_mib": round(streamed["peak_mib"])}
    print(json.dumps(figures, indent=2))
    if not said.smoke:
        write(figures)


def others(said: argparse.Namespace) -> dict[str, float]:
    """The journal, drawn years, and what this process took."""
    booked = replay_journal(5_000 if said.smoke else said.journal_rows)
    figures = {f"journal_{name}": short(value) for name, value in booked.items()}
    seconds = draw_seconds(500, 50) if said.smoke else draw_seconds(100_000, 1_000)
    return figures | {"monte_carlo_100k_by_1000_seconds": short(seconds), "peak_mib": peak_mib()}


def write(figures: dict[str, float]) -> None:
    """The table for people and the file for programs; figures of other parts of the room that are there stay."""
    file = PAGES / "simulation.json"
    last = json.loads(file.read_text()) if file.exists() else {}
    before = last.get("figures", {})
    names = sorted(before.keys() - figures.keys())
    # What this run did not measure is said to be of an earlier one, and of which commit.
    earlier = f"of {last['commit']} or before: {', '.join(names)}" if names else "nothing"
    about = (
        "`replay_*` is answers a second of processor time on one core, each kind of quota alone; `file_*` a CSV file "
        "from opening it to its outcome; `journal_*` a service's own journal on SQLite from its first page to its "
        "outcome, alone in its process; `monte_carlo_100k_by_1000_seconds` a thousand years drawn of 100,000 "
        "customers, in one process. `peer_*` is what else could rate as many answers, on one core in the same run, and "
        "does less than a replay, which rates what every answer costs and is sold at, draws quotas and bills the rest: "
        "our own `rate()` and LiteLLM's `cost_per_token` one answer after another (the latter on lengths of the same "
        "shape), and plain sums of tokens times prices by customer in DuckDB and numpy, which round nothing and know "
        "no plan."
    )
    litellm = machine.version_in(machine.WORK / "litellm-venv", "litellm")
    write_page("simulation", "Simulation", about, before | figures, earlier=earlier, litellm=litellm)


if __name__ == "__main__":
    main()
