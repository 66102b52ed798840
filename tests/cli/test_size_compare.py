"""`solvent size compare`: rows for all combinations, the frontier, prices of APIs, a picture, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.cli.test_size import refuse, run, sized

CARD = """card: far/small
currency: USD
entries:
  - from: 2026-01-02
    input: 0.5
    output: 2
    source: "their page, 2026-01-02"
"""
MANY_BATCHES = ("--batches", ",".join(map(str, range(64))))
ALL = ("compare", "--model", "qwen3-8b", "--model", "llama-3.3-70b-instruct", "--on", "H100", "--on", "B200")


@pytest.fixture(autouse=True)
def _near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place with a rate card of its own."""
    (tmp_path / "solvent-data" / "rate_cards").mkdir(parents=True)
    (tmp_path / "solvent-data" / "rate_cards" / "far.yaml").write_text(CARD)
    monkeypatch.chdir(tmp_path)


def rows(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sized(*words)["rows"]
    return found


def test_every_combination_is_a_row_that_says_what_size_says() -> None:
    found = rows(*ALL, "--count", "1", "--count", "2", "--precision", "bf16", "--precision", "fp8", "--batches", "8,0")
    assert len(found) == 2 * 2 * 2 * 2 * 2
    one = next(row for row in found if row["batch"] == 8 and row["on"] == "2xB200" and row["precision"] == "fp8")
    alone = sized("qwen3-8b", "--on", "2xB200", "--precision", "fp8", "--batch", "8")
    assert (one["cost"], one["answer_s"], one["level"]) == (alone["cost"]["total"], alone["answer_s"], alone["level"])
    assert one["answer_s_low"] < one["answer_s"] < one["answer_s_high"]


def test_what_does_not_fit_is_a_row_that_says_how_much_is_short_and_what_would_do() -> None:
    short = next(row for row in rows(*ALL) if row["problem"])
    assert (short["on"], short["problem"]["code"], short["cost"]) == ("1xH100", "model_does_not_fit", "")
    assert short["problem"]["short_gb"] == pytest.approx(1.05 * 141 - 72 + 0.2, abs=1)
    assert short["problem"]["would_fit"][:2] == ["3xH100", "1xH100 at fp4"]
    for fits in short["problem"]["would_fit"]:
        on, _, precision = fits.partition(" at ")
        more = ("--precision", precision) if precision else ()
        assert sized("llama-3.3-70b-instruct", "--on", on, "--token-ms", "200", *more)["batch"] >= 1
    assert "It would fit on: 3xH100" in run(*ALL)


def test_the_frontier_is_what_no_other_row_beats() -> None:
    found = rows(*ALL, "--count", "1", "--count", "4", "--batches", "1,16,0", "--api", "far/small=300,9")
    priced = [row for row in found if row["cost"]]
    for by, wait in (("answer", "answer_s"), ("first token", "first_token_ms")):
        for row in priced:
            beaten = any(
                float(o["cost"]) <= float(row["cost"]) and o[wait] <= row[wait]
                and (o["cost"], o[wait]) != (row["cost"], row[wait])
                for o in priced
            )  # fmt: skip
            assert (by in row["best_by"]) == (not beaten), row


def test_an_api_costs_what_its_card_says_in_the_currency_asked_for() -> None:
    words = ("compare", "--api", "far/small", "--input", "1000000", "--output", "500000")
    (alone,) = rows(*words)
    assert (alone["cost"], alone["dated"], alone["source"]) == ("1.5", "2026-01-02", "their page, 2026-01-02")
    assert (alone["answer_s"], alone["best_by"]) == (None, [])
    (won,) = rows(*words, "--currency", "KRW", "--per-usd", "1400")
    assert won["cost"] == "2100"
    (unknown,) = rows(*words, "--currency", "KRW")
    assert unknown["problem"]["code"] == "no_exchange_rate"
    (timed,) = rows("compare", "--api", "far/small=300,10", "--output", "101")
    assert timed["answer_s"] == pytest.approx(1.3)
    (engine,) = rows("compare", "--api", "open-models-cost.USD")
    assert engine["problem"]["code"] == "not_by_the_token"


@pytest.mark.parametrize("name", ["c.svg", "c.html"])
def test_the_picture_stands_by_itself_and_names_the_frontier(tmp_path: Path, name: str) -> None:
    evil = tmp_path / "<b>&" / "config.json"
    evil.parent.mkdir()
    evil.write_text(
        '{"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 14336,'
        ' "vocab_size": 128256}'
    )
    run(*ALL, "--model", str(evil), "--batches", "1,0", "--api", "far/small", "--picture", name)
    text = (tmp_path / name).read_text()
    svg = ElementTree.fromstring(text[text.index("<svg") :])
    told = "".join(svg.itertext())
    assert "Qwen3-8B" in told
    assert "far/small" in told
    assert "<b>&" in told
    links = [value for one in svg.iter() for name, value in one.attrib.items() if "href" in name or "src" in name]
    assert not links
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_picture_of_nothing_says_so(tmp_path: Path) -> None:
    run("compare", "--model", "llama-3.3-70b-instruct", "--on", "L4", "--picture", "c.svg")
    assert "No combination" in (tmp_path / "c.svg").read_text()


def test_rents_that_nobody_knows_are_named_in_the_row() -> None:
    (found,) = rows("compare", "--model", "qwen3-8b", "--on", "L4", "--token-ms", "99")
    assert (found["problem"]["code"], found["cost"]) == ("rent_unknown", "")
    assert found["token_ms"] > 0


def test_people_read_it_in_korean_too() -> None:
    assert "여기에는 들어갑니다" in run(*ALL, language="ko")


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        ((), "nothing_to_compare", "--model"),
        (("--model", "qwen3-8b"), "nothing_to_compare", "--on"),
        (("--model", "qwen3-8c", "--on", "H100"), "unknown_model_shape", "Qwen3-8B"),
        (("--model", "qwen3-8b", "--on", "2xH100", "--count", "2"), "unknown_hardware", "--count"),
        (("--model", "qwen3-8b", "--on", "H100", "--precision", "bf17"), "unknown_precision", "bf16"),
        (("--model", "qwen3-8b", "--on", "H100", "--batches", "1,x"), "bad_request", "1,8,64,0"),
        (("--model", "qwen3-8b", "--on", "H100", "--batches", "-1"), "bad_request", "1,8,64,0"),
        (("--model", "qwen3-8b", "--on", "H100", "--currency", "EEE"), "unknown_currency", "USD"),
        (("--model", "qwen3-8b", "--on", "H100", "--currency", "KRW"), "no_exchange_rate", "--per-usd"),
        (("--api", "far/unknown"), "no_such_card", "solvent prices list"),
        (("--api", "far/small=12"), "bad_request", "300,12"),
        (("--api", "far/small=1,nan"), "bad_request", "300,12"),
        (("--api", "far/small", "--picture", "c.png"), "bad_request", ".svg"),
        (("--api", "far/small", "--picture", "no/where/c.svg"), "cannot_write_file", "c.svg"),
        (("--model", "qwen3-8b", *("--on", "H100") * 64, *MANY_BATCHES), "too_many_compared", "COMPARED_MAX"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_to_do(words: tuple[str, ...], code: str, advice: str) -> None:
    refused = refuse("compare", *words)
    assert refused.code == code
    assert advice in refused.message


def test_as_json_it_is_one_value() -> None:
    found = json.loads(run("compare", "--api", "far/small", "--json"))
    assert (found["currency"], found["input_tokens"], len(found["rows"])) == ("USD", 300, 1)
