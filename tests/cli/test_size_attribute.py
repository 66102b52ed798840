"""`solvent size attribute`: shares that sum, of any usual file, and what is wrong with a log in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.cli.test_size import raw, refuse, run

LOG = """id,arrive,first_token,finish,input_tokens,output_tokens
a,0.000000000,0.010,0.030,500,5
b,0.020000000,0.026,0.040,50,50
c,0.050000001,0.051,0.060,7,9
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Three answers, two of which are there together for a while."""
    file = tmp_path / "engine.csv"
    file.write_text("\ufeff" + LOG)
    return file


def of(file: Path, *words: str) -> Any:
    return json.loads(run("attribute", str(file), "--json", *words))


def test_people_read_the_sums_the_level_and_what_usual_rules_would_charge(log: Path) -> None:
    text = run("attribute", str(log), "--bill", "1", "--to", str(log.with_name("shares.csv")))
    for told in ("first tokens", "0.049999999 s", "idle", "0.010000001 s", "all tokens", "long questions", "1 USD"):
        assert told in text
    rows = list(csv.DictReader(log.with_name("shares.csv").open()))
    assert [row["share_ns"] for row in rows] == ["22000000", "18000000", "9999999"]
    assert "쉰 시간" in run("attribute", str(log), language="ko")


def test_programs_read_every_share_and_they_sum_to_busy_time_and_bill(log: Path) -> None:
    found = of(log, "--bill", "0.0000006", "--currency", "USD")
    assert found["shares_ns"] == found["busy_ns"] == sum(one["share_ns"] for one in found["shares"]) == 49_999_999
    assert found["idle_ns"] == 10_000_001
    parts = [float(one["charge"]) for one in found["shares"]] + [float(found["idle_cost"])]
    assert sum(round(part * 10**9) for part in parts) == 600
    assert found["level"] == "phases"
    assert [one["rule"] for one in found["rules"]] == [
        "total_tokens", "input_and_4_output", "output_tokens", "equal_time"
    ]  # fmt: skip


def test_json_lines_and_parquet_say_the_same(log: Path) -> None:
    rows = list(csv.DictReader(log.read_text("utf-8-sig").splitlines()))
    lines = log.with_name("engine.jsonl")
    lines.write_text("\n".join(json.dumps(row | {"arrive": float(row["arrive"])}) for row in rows) + "\n\n")
    parquet = log.with_name("engine.parquet")
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{log}', all_varchar = true)) TO '{parquet}' (FORMAT parquet)")
    shares = of(log)["shares"]
    assert of(lines)["shares"] == of(parquet)["shares"] == shares


def test_without_first_tokens_it_says_by_what_less_it_knows(log: Path) -> None:
    log.write_text(LOG.replace("0.026", ""))
    one = of(log)
    one = of(log)
    assert (one["level"], one["by_presence"]) == ("phases", 1)
    assert [share["level"] for share in one["shares"]] == ["phases", "presence", "phases"]
    assert "no first token noted" in run("attribute", str(log))
    log.write_text(LOG.replace("0.026", "").replace("0.010", "").replace("0.051", ""))
    found = of(log)
    assert (found["level"], found["by_presence"]) == ("presence", 3)
    assert [one["share_ns"] for one in found["shares"]] == [25_000_000, 15_000_000, 9_999_999]


def test_a_made_up_load_shows_how_far_rules_are_off() -> None:
    found = json.loads(run("attribute", "--made", "2", "--answers", "200", "--json"))
    errors = {one["rule"]: one["median"] for one in found["rules"]}
    assert errors["phases"] < errors["equal_time"] < errors["output_tokens"] < errors["total_tokens"]
    assert "as Solvent does" in run("attribute", "--made", "2", "--answers", "50")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no column is known to say 'arrive'"),
        ("id,arrive,finish,input_tokens\n", "no column is known to say 'output_tokens'"),
        (LOG.splitlines()[0], "there are no answers"),
        (LOG.replace("c,", "a,"), "row 3: 'a' is there twice"),
        (LOG.replace(",500,", ",-500,"), "row 1, column 'input_tokens': '-500'"),
        (LOG.replace("0.060", "0.04"), "row 3, column 'finish': '0.04' is before"),
        ("arrive,finish,input_tokens,output_tokens\n1,2\n", "row 1, column 'input_tokens': ''"),
    ],
)
def test_a_log_that_cannot_be_is_refused_by_row_and_column(log: Path, content: str, told: str) -> None:
    log.write_text(content)
    wrong = refuse("attribute", str(log), "--to", str(log.with_name("none.csv")))
    assert wrong.code == "bad_engine_log"
    assert told in wrong.message
    assert not log.with_name("none.csv").exists()


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, content in (
        ("log.txt", b"x"), ("log.csv", b"\xff\xfe\x00"), ("log.csv", b"arrive,finish\n" + b"x" * 200_000),
        ("log.jsonl", b"[1]\n"), ("log.jsonl", b"{"), ("log.parquet", b"PAR1"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert refuse("attribute", str(tmp_path / name)).code == "bad_engine_log"
    assert refuse("attribute", str(tmp_path / "none.csv")).code == "bad_engine_log"
    assert refuse("attribute").code == "bad_engine_log"
    assert raw("attribute", "--made", "0").exception is not None


def test_a_bill_below_zero_and_columns_that_are_none_are_refused(log: Path) -> None:
    assert refuse("attribute", str(log), "--bill=-1").code == "bad_amount"
    assert refuse("attribute", str(log), "--column", "arrive").code == "bad_engine_log"
    assert refuse("attribute", str(log), "--column", "arrive=t0").code == "bad_engine_log"
