"""`solvent size fleet`: servers for a stated load, with what stands idle named apart. Of the books: test_simulate."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.cli.test_size import refuse, run, sized

from solvent.values.money import money

STATED = ("fleet", "llama-3.3-70b-instruct", "--on", "4xH100", "--answers-per-second", "20", "--peak", "2.5")


def test_a_stated_load_by_hand() -> None:
    found = sized(*STATED)
    one = sized("llama-3.3-70b-instruct", "--on", "4xH100")
    assert found["server_tokens_per_s"] == pytest.approx(one["tokens_per_s"], rel=1e-3)
    load = 20 * 400 * 2.5 / one["tokens_per_s"]
    always, by_hour = found["plans"]
    assert always["servers"] == math.ceil(load + math.sqrt(load))
    assert always["busy"] == pytest.approx(20 * 400 / one["tokens_per_s"] / always["servers"], rel=1e-3)
    hours = 24 * 30.4375
    assert float(always["rent"]) == pytest.approx(always["servers"] * hours * 4 * 2.95, rel=1e-3)
    assert found["answers_month"] == round(20 * 3600 * hours)
    assert always["rent"] == by_hour["rent"]  # any hour may be the busiest


def test_idle_rent_is_named_apart_and_sums() -> None:
    for plan in sized(*STATED)["plans"]:
        each, used, idle = (money(plan[name], "USD") for name in ("answer", "answer_busy", "answer_idle"))
        assert used + idle == each
        assert float(plan["idle"]) == pytest.approx(float(plan["rent"]) * (1 - plan["busy"]), rel=1e-3)
    text = run(*STATED)
    assert "of it idle" in text
    assert "Load, as stated" in text
    assert "유휴" in run(*STATED, language="ko")


def test_no_rent_is_no_cost() -> None:
    found = sized("fleet", "qwen3-8b", "--on", "L4", "--token-ms", "99", "--answers-per-second", "1")
    assert {plan["rent"] for plan in found["plans"]} == {""}
    assert "--rate" in run("fleet", "qwen3-8b", "--on", "L4", "--token-ms", "99", "--answers-per-second", "1")


def test_where_there_are_no_books_it_says_so(tmp_path: Path) -> None:
    assert refuse("fleet", "qwen3-8b", "--on", "H100", "--data", str(tmp_path / "empty")).code == "no_books"
