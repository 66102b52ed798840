"""`solvent simulate optimise`: what people and programs read, what is written, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from solvent.app.plans import plan_of, read_plan_file
from solvent.cli.main import solvent
from solvent.values.errors import SolventError
from solvent.values.money import Money, plain

FEW = ("--customers", "300", "--seeds", "3", "--cost", "0.02")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def raw(*words: str, language: str = "en", currency: str = "USD") -> Result:
    settings = {"SOLVENT_LANGUAGE": language, "SOLVENT_CURRENCY": currency, "COLUMNS": "200"}
    return CliRunner().invoke(solvent, ["simulate", "optimise", *words], env=settings, standalone_mode=False)


def run(*words: str, language: str = "en", currency: str = "USD") -> str:
    done = raw(*words, language=language, currency=currency)
    assert done.exception is None, (words, done.exception, done.output)
    return done.output


def refuse(*words: str, currency: str = "USD") -> SolventError:
    done = raw(*words, currency=currency)
    assert isinstance(done.exception, SolventError), (words, done.exception, done.output)
    return done.exception


def test_people_read_which_shape_wins_and_that_it_is_assumed() -> None:
    text = run(*FEW)
    for told in ("Where an answer costs $0.0200", "three-part", "Best:", "It hangs on", "assumed, not measured"):
        assert told in text
    korean = run(*FEW, "--assume", "worth=350", "--assume", "metering=7000", "--assume", "inertia=1400",
                 "--shape", "flat", language="ko", currency="KRW")  # fmt: skip
    for told in ("정액", "가정입니다", "원"):
        assert told in korean


def test_a_page_says_which_shape_wins_where_and_that_stands_in_it_as_json(tmp_path: Path) -> None:
    file, costs = tmp_path / "tariffs.html", ("--cost", "0.002", "--cost", "0.05")
    found: Any = json.loads(run(*FEW[:4], *costs, "--json", "--report", str(file)).partition("\nA page of it")[0])
    text = file.read_text(encoding="utf-8")
    assert json.loads(text.partition('id="run">')[2].partition("</script>")[0])["contest"] == found
    for regime in found["regimes"]:
        for one in regime["found"]:
            assert f'value="{plain(Money(one["profit_grains"]["usual"], "USD"))}"' in text
    assert text.count('class="ink"') == 2  # the best of each
    assert "http" not in text.partition("</style>")[2].partition("<script")[0]
    korean = tmp_path / "ko.html"
    run(*FEW, "--report", str(korean), "--language", "ko")
    assert '<html lang="ko"' in korean.read_text(encoding="utf-8")
    assert "삼부 요금" in korean.read_text(encoding="utf-8")
    assert refuse(*FEW, "--keep", "there-are-no-books").code == "no_books"


def test_programs_read_the_whole_contest_and_the_plan_is_written(tmp_path: Path) -> None:
    file = tmp_path / "best.yaml"
    words = ("--assume", "metering=4:5:6", "--charming", "--price-most", "30", "--margin-least", "50", "--tax", "0")
    found: Any = json.loads(run(*FEW, *words, "--write", str(file), "--name", "plus", "--json"))
    (regime,) = found["regimes"]
    assert regime["cost_grains"] == 2 * 10**7
    assert [one["shape"] for one in regime["found"]] == ["flat", "capped", "two_part", "three_part"]
    assert found["assumptions"]["metering"] == {"low": 4, "usual": 5, "high": 6}
    best = next(one for one in regime["found"] if one["shape"] == regime["advice"])
    plan = plan_of(read_plan_file(file)[0], "USD")
    assert plan.name == "plus"
    assert plan.price.grains == best["fee_grains"] <= 30 * 10**9
    assert plan.price.grains % 10**9 == 990_000_000
    assert (tmp_path / "best.prices.yaml").is_file() == (best["price_grains"] is not None)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--customers", "300"), "--cost AMOUNT"),
        ((), "there are no books"),
        (("--customers", "0", "--cost", "1"), "is not 1 to 200,000"),
        ((*FEW, "--cost", "0.1", "--write", "x.yaml"), "say --cost once"),
        ((*FEW, "--cost", "-1"), "below zero"),
        ((*FEW, "--assume", "metering=-1"), "within 0 to 1e+09"),
        ((*FEW, "--assume", "luck=1"), "there are worth"),
        ((*FEW, "--tax", "900"), "not 0 to 500"),
        (
            ("--customers", "300", "--seeds", "2", "--cost", "999", "--write", "x.yaml", "--shape", "flat"),
            "no plan to write",
        ),
    ],
)
def test_what_has_no_sense_is_refused_and_nothing_is_written(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    assert says in refuse(*words).message
    assert list(tmp_path.iterdir()) == []


def test_in_another_currency_amounts_are_said_or_a_rate_is_known(tmp_path: Path) -> None:
    assert "--assume worth=350" in refuse(*FEW, currency="KRW").message
    rate = '[[exchanges]]\nbase = "USD"\nquote = "KRW"\nrate = "1400"\nfrom = "2026-01-01"\nsource = "test"\n'
    (tmp_path / "solvent.toml").write_text(rate)
    found = json.loads(run(*FEW, "--shape", "flat", "--json", currency="KRW"))
    assert found["assumptions"]["worth"]["usual"] == pytest.approx(350)


def test_what_is_spread_over_processes_comes_to_the_same() -> None:
    words = (*FEW, "--shape", "flat", "--shape", "capped", "--json")
    assert run(*words, "--spread", "2") == run(*words)
    assert refuse(*words, "--spread", "nowhere").code == "bad_cluster"


def test_options_before_the_command_are_refused() -> None:
    done = CliRunner().invoke(solvent, ["simulate", "--year", "optimise"])
    assert done.exit_code == 2
    assert "write options after optimise" in done.output


def is_at_work(pid: int) -> bool:
    """Whether a process is ours, hears Ctrl-C, and has numpy, which it loads with the command."""
    of = Path(f"/proc/{pid}")
    caught = int(of.joinpath("status").read_text().partition("SigCgt:")[2].split()[0], 16)
    is_ours = b"optimise" in of.joinpath("cmdline").read_bytes()  # until it is, all of it is its parent's
    return is_ours and bool(caught & 2) and "_multiarray_umath" in of.joinpath("maps").read_text()


def test_stopped_by_hand_nothing_is_left(tmp_path: Path) -> None:
    words = ("simulate", "optimise", "--customers", "100000", "--cost", "0.02", "--write", "best.yaml")
    process = subprocess.Popen(
        [sys.executable, "-m", "solvent.cli.main", *words], cwd=tmp_path,
        env={**os.environ, "SOLVENT_CURRENCY": "USD"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        while not is_at_work(process.pid):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, told.decode()[-3000:]
    assert b"Traceback" not in told
    assert list(tmp_path.iterdir()) == []
