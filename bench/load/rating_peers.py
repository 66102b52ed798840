"""What else could rate a month of answers, on the same answers in the same run: each does less than a replay.

LiteLLM's own function of an answer's cost, and our own `rate()`, one answer after another; and plain sums of tokens
times prices by customer, in DuckDB and in numpy, which round no answer and know no plan and no quota.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
from bench.load import machine
from bench.load.peers import MissingPeer, install_litellm

from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.simulation.trace import Trace
from solvent.values.usage import Usage

_LITELLM = """
import random, sys, time
import litellm
chance, rows = random.Random(1), int(sys.argv[1])
tokens = [(int(chance.lognormvariate(6, 1.2)), int(chance.lognormvariate(5.5, 1))) for _ in range(rows)]
litellm.cost_per_token(model="gpt-4o-mini", prompt_tokens=1, completion_tokens=1)
began, total = time.process_time(), 0.0
for read, written in tokens:
    total += sum(litellm.cost_per_token(model="gpt-4o-mini", prompt_tokens=read, completion_tokens=written))
print(rows / (time.process_time() - began))
"""


def peers_per_s(trace: Trace, price: RateCard, rows_one_by_one: int, *, with_litellm: bool) -> dict[str, float]:
    """Answers a second of processor time on one core, by name. rows_one_by_one: of those that go row by row."""
    blocks = list(trace.read())
    whose, read, written = (
        np.concatenate(columns)
        for columns in zip(
            *((block.customer, block.used["input_tokens"], block.used["output_tokens"]) for block in blocks),
            strict=True,
        )
    )
    picos = np.int64(price.input_picos or 0), np.int64(price.output_picos or 0)
    pairs = list(zip(read[:rows_one_by_one].tolist(), written[:rows_one_by_one].tolist(), strict=True))

    def by_row() -> None:
        for one, other in pairs:
            rate(Usage(input_tokens=one, output_tokens=other), price)

    def by_numpy() -> None:
        sums = np.zeros(len(trace.customers), np.int64)
        np.add.at(sums, whose, read * picos[0] + written * picos[1])

    with duckdb.connect() as table:
        table.execute("SET threads = 1")
        table.register("columns", {"whose": whose, "read": read, "written": written})
        table.execute("CREATE TABLE answers AS SELECT * FROM columns")
        query = f"SELECT whose, sum(read * {picos[0]} + written * {picos[1]}) FROM answers GROUP BY whose"
        by_duckdb = _per_s(trace.answers, lambda: table.execute(query).fetchall())
    found = {
        "peer_rate_row_by_row_answers_per_second": _per_s(len(pairs), by_row),
        "peer_numpy_sum_answers_per_second": _per_s(trace.answers, by_numpy),
        "peer_duckdb_sum_answers_per_second": by_duckdb,
    }
    if with_litellm:
        try:
            found["peer_litellm_row_by_row_answers_per_second"] = _litellm_per_s(rows_one_by_one)
        except MissingPeer as missing:
            print(missing)
    return found


def _per_s(rows: int, work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return rows / max(time.process_time() - began, 1e-9)


def _litellm_per_s(rows: int) -> float:
    install_litellm()
    python = Path(machine.WORK / "litellm-venv" / "bin" / "python")
    words = [str(python), "-c", _LITELLM, str(rows)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise MissingPeer(f"litellm could not rate: {done.stderr.strip()[-300:]}")
    return float(done.stdout.split()[-1])
