"""Pools of clients: answers are drawn as often, as bursty and as long as the pool says, or nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from solvent.simulation.servegen_store import is_pool, open_pool
from solvent.simulation.trace import Trace
from solvent.values.errors import Invalid

SERVEGEN = Path("/work/shared/data/servegen")
RATES = ("model", "client", "t", "rate_rps", "cv", "pattern", "p1", "p2")
LENGTHS = ("model", "client", "t", "field", "logbin24", "prob")
GOOD_RATES = [
    ("small", 0, 0, 1.0, 1.0, "Gamma", 1.0, 1.0), ("small", 0, 600, 2.0, 8.0, "Gamma", 0.015, 1.0),
    ("large", 1, 600, 0.5, 1.0, "Weibull", 1.0, 1.0), ("large", 2, 600, 0.5, 1.0, "", 0.0, 0.0),
    ("large", 1, 1200, 0.0, 0.0, "", 0.0, 0.0),
]  # fmt: skip
GOOD_LENGTHS = [
    ("small", 0, 0, "input_tokens", 48, 1.0), ("small", 0, 0, "output_tokens", -1, 1.0),
    ("large", 1, 0, "text_tokens", 24, 0.5), ("large", 1, 0, "text_tokens", 48, 0.5),
    ("large", 1, 0, "image_tokens", 72, 1.0), ("large", 1, 0, "image_count", 1, 1.0),
    ("large", 1, 0, "output_tokens", 24, 1.0),
]  # fmt: skip


def written(folder: Path, rates: list[tuple[Any, ...]], lengths: list[tuple[Any, ...]]) -> Path:
    for name, columns, rows in (("client_rates", RATES, rates), ("client_token_loghist", LENGTHS, lengths)):
        values = ", ".join(str(tuple("NULL" if v is None else v for v in row)) for row in rows).replace(
            "'NULL'", "NULL"
        )
        named = ", ".join(columns)
        duckdb.execute(f"COPY (SELECT * FROM (VALUES {values}) t({named})) TO '{folder}/{name}.parquet'")
    return folder


def drawn(trace: Trace) -> dict[str, Any]:
    blocks = list(trace.read())
    columns = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in ("at_us", "customer")}
    return columns | {name: np.concatenate([block.used[name] for block in blocks]) for name in blocks[0].used}


def test_every_window_has_the_requests_that_were_counted_and_their_lengths(tmp_path: Path) -> None:
    folder = written(tmp_path, GOOD_RATES, GOOD_LENGTHS)
    assert is_pool(folder)
    assert is_pool(folder / "client_rates.parquet")
    trace = open_pool(folder, "", 10**6, 5_000_000, seed=1)
    assert trace.customers == ("small/0", "large/1")
    assert trace.models == ("small", "large")
    assert "1 clients whose lengths are not told are left out" in trace.notes
    found = drawn(trace)
    assert trace.answers == len(found["at_us"]) == 600 + 1200 + 300
    assert (np.diff(found["at_us"]) >= 0).all()
    assert trace.from_us <= found["at_us"][0]
    assert found["at_us"][-1] < trace.until_us == 5_000_000 + 1200 * 10**6
    small = found["customer"] == 0
    assert set(found["output_tokens"][small]) == {0}
    assert 100 <= found["input_tokens"][small].min() <= found["input_tokens"][small].max() <= 110
    large = found["input_tokens"][~small]
    assert (large.min() >= 1010, large.max() <= 1211) == (True, True)
    assert np.mean(large > 1101 + 5) == pytest.approx(0.5, abs=0.2)


def test_bursts_are_as_the_gaps_say(tmp_path: Path) -> None:
    trace = open_pool(written(tmp_path, GOOD_RATES[:2], GOOD_LENGTHS[:2]), "", 10**6, 0, seed=1)
    at_us = drawn(trace)["at_us"]
    spread = [np.std(gaps) / np.mean(gaps) for gaps in (np.diff(at_us[:600]), np.diff(at_us[600:]))]
    assert spread[0] == pytest.approx(1, abs=0.15)
    assert spread[1] > 4


def test_the_same_seed_draws_the_same_and_fewer_are_fewer_of_all(tmp_path: Path) -> None:
    folder = written(tmp_path, GOOD_RATES, GOOD_LENGTHS)
    first, again, other = (drawn(open_pool(folder, "", 500, 0, seed)) for seed in (7, 7, 8))
    assert all((first[name] == again[name]).all() for name in first)
    assert len(first["at_us"]) == pytest.approx(500, abs=3)
    assert first["at_us"].tolist() != other["at_us"].tolist()
    assert open_pool(folder, "large", 10**6, 0, 1).answers == 300


@pytest.mark.parametrize(
    ("table", "row", "named"),
    [
        (0, ("small", 0, 1200, -1.0, 1, "", 0, 0), "client_rates.parquet: row 6, column 'rate_rps': '-1.*' is not 0"),
        (0, ("small", 0, 1200, 1e12, 1, "", 0, 0), "row 6, column 'rate_rps'"),
        (0, ("small", 0, -600, 1.0, 1, "", 0, 0), "row 6, column 't': '-600'"),
        (0, ("small", 0, 0, 1.0, 1, "", 0, 0), "row 6, column 't': '0' is there twice"),
        (0, ("small", None, 0, 1.0, 1, "", 0, 0), "row 6, column 'client': 'None' is empty"),
        (0, ("small", 0, 1200, 1.0, 1, "Zipf", 0, 0), "column 'pattern': 'Zipf' is neither"),
        (0, ("small", 0, 1200, 1.0, 1, "Gamma", 0, 0), "column 'p1': '0.*' is no shape"),
        (1, ("small", 0, 600, "input_tokens", 500, 1.0), "loghist.parquet: row 8, column 'logbin24': '500' is not -1"),
        (1, ("small", 0, 600, "input_tokens", 5, 1.5), "row 8, column 'prob': '1.5.*' is not 0 to 1"),
    ],
)
def test_what_cannot_be_is_named_by_row_and_column(
    tmp_path: Path, table: int, row: tuple[Any, ...], named: str
) -> None:  # fmt: skip
    rows: list[list[tuple[Any, ...]]] = [list(GOOD_RATES), list(GOOD_LENGTHS)]
    rows[table].append(row)
    with pytest.raises(Invalid, match=named):
        open_pool(written(tmp_path, *rows), "", 100, 0, 1)


def test_a_folder_that_is_none_or_a_model_that_is_not_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"a ServeGen folder has client_rates.parquet"):
        open_pool(tmp_path, "", 100, 0, 1)
    folder = written(tmp_path, GOOD_RATES, GOOD_LENGTHS)
    with pytest.raises(Invalid, match="no client of model 'huge'; models are large, small"):
        open_pool(folder, "huge", 100, 0, 1)
    (folder / "client_rates.parquet").write_bytes(b"PAR1")
    with pytest.raises(Invalid, match="cannot be read"):
        open_pool(folder, "", 100, 0, 1)
    duckdb.execute(f"COPY (SELECT 1 AS model) TO '{folder}/client_rates.parquet'")
    with pytest.raises(Invalid, match="there is no column 'client'; its columns are model"):
        open_pool(folder, "", 100, 0, 1)


@pytest.mark.skipif(not SERVEGEN.is_dir(), reason="reads shared/data/servegen, which is not here")
def test_servegens_pool_of_a_reasoning_model_gives_what_its_clients_asked() -> None:
    trace = open_pool(SERVEGEN, "deepseek-r1", 100_000, 0, 1)
    found = drawn(trace)
    assert len(trace.customers) == 73
    assert abs(trace.answers - 100_000) < 200
    assert found["output_tokens"].mean() == pytest.approx(1530, rel=0.05)
