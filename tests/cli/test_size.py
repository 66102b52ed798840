"""`solvent size`: what it says of a model on hardware, to people and programs, and what it refuses with what advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from solvent.cli.main import solvent
from solvent.values.errors import SolventError
from solvent.values.money import money

LLAMA = ("llama-3.3-70b-instruct", "--on", "4xH100")
CONFIG = {
    "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "_name_or_path": "mine", "torch_dtype": "float32",
}  # fmt: skip


def raw(*words: str, language: str = "en") -> Result:
    settings = {"SOLVENT_LANGUAGE": language, "COLUMNS": "200"}
    return CliRunner().invoke(solvent, ["size", *words], env=settings, standalone_mode=False)


def run(*words: str, language: str = "en") -> str:
    done = raw(*words, language=language)
    assert done.exception is None, (words, done.exception, done.output)
    return done.output


def sized(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def refuse(*words: str) -> SolventError:
    done = raw(*words)
    assert isinstance(done.exception, SolventError), (words, done.exception, done.output)
    assert done.output == ""
    return done.exception


def test_people_read_the_cost_the_level_and_the_interval() -> None:
    text = run(*LLAMA)
    for told in ("bare formula", "time per token", "an answer costs", "$0.000", "Nebius", "solvent size calibrate"):
        assert told in text
    korean = run(*LLAMA, "--currency", "KRW", "--per-usd", "1400", language="ko")
    assert "공식만" in korean
    assert "원" in korean


def test_programs_read_the_same_in_full() -> None:
    found = sized(*LLAMA, "--batch", "64", "--input", "200", "--output", "408")
    assert found["level"] == "bare formula"
    assert found["step_ms"] == pytest.approx(24.9, rel=0.2)  # measured: ML.ENERGY v3, 2025-12
    assert found["step_ms_low"] < found["step_ms"] < found["step_ms_high"]
    assert found["tokens_per_s"] == pytest.approx(64_000 / found["step_ms"], rel=1e-3)
    cost = found["cost"]
    rent, power, extras = (money(cost[name], "USD") for name in ("rent", "power", "extras"))
    assert rent + power + extras == money(cost["total"], "USD")
    busy = found["device_seconds_per_answer"] / 3600 * 2.95 / 0.5
    assert float(cost["total"]) == pytest.approx(busy, rel=1e-3)


def test_an_answer_costs_less_on_busier_or_cheaper_hardware_and_more_with_power_and_extras() -> None:
    def total(*words: str) -> float:
        return float(sized(*LLAMA, *words)["cost"]["total"])

    assert total("--busy", "1") == pytest.approx(total() / 2, rel=1e-3)
    assert total("--rate", "5.90") == pytest.approx(total() * 2, rel=1e-3)
    assert total("--kwh", "0.1") > total()
    assert total("--extras", "0.01") == pytest.approx(total() + 0.01)


def test_hardware_that_nobody_rents_needs_a_rate() -> None:
    assert sized("qwen3-8b", "--on", "L4", "--token-ms", "99")["cost"] is None
    assert "--rate" in run("qwen3-8b", "--on", "L4", "--token-ms", "99")
    assert sized("qwen3-8b", "--on", "L4", "--token-ms", "99", "--rate", "0.7")["cost"]["price_source"] == "as told"


def test_this_machine_is_measured_and_the_house_model_runs_on_it() -> None:
    found = sized("src/solvent/data/house_model/solvent-house-1.gguf", "--on", "cpu", "--token-ms", "10000")
    assert found["precision"] == "q8_0"
    assert "memory measured" in found["hardware_source"]


def test_a_config_of_ones_own_is_sized(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    for named in (tmp_path, tmp_path / "config.json"):
        found = sized(str(named), "--on", "H100")
        assert (found["model"], found["precision"]) == ("mine", "f32")


def test_ones_own_measured_row_is_believed(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(
        "\ufeffmodel,device,count,precision,batch,input_tokens,output_tokens,tokens_per_s,source\n"
        "Qwen/Qwen3-8B,H100,1,bfloat16,64,,646,4315,our own\n"
    )
    found = sized("qwen3-8b", "--on", "H100", "--batch", "64", "--output", "646", "--measured", str(file))
    assert (found["level"], found["evidence"]) == ("measured row", "our own, batch 64")
    assert found["step_ms"] == pytest.approx(64_000 / 4_315, rel=1e-3)
    file.write_text("model,device,count,precision,tokens_per_s,source\nm,H100,1,bf16,-4,x\n")
    assert "line 2" in refuse("qwen3-8b", "--on", "H100", "--measured", str(file)).message
    for rowless in ("", '{"id":1}\n', "model,device\n"):
        file.write_text(rowless, encoding="utf-8")
        assert "has no row" in refuse("qwen3-8b", "--on", "H100", "--measured", str(file)).message


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        (("qwen3-8c", "--on", "H100"), "unknown_model_shape", "Qwen3-8B"),
        (("qwen3-8b", "--on", "H1000"), "unknown_hardware", "H100"),
        (("qwen3-8b", "--on", "0xH100"), "unknown_hardware", "4xH100"),
        (("qwen3-8b", "--on", "H100", "--precision", "bf17"), "unknown_precision", "bf16"),
        (("llama-3.3-70b-instruct", "--on", "H100"), "model_does_not_fit", "at least 3"),
        ((*LLAMA, "--token-ms", "1"), "latency_out_of_reach", "allow more"),
        ((*LLAMA, "--batch", "4000"), "batch_does_not_fit", "holds"),
        ((*LLAMA, "--currency", "KRW"), "no_exchange_rate", "--per-usd"),
        ((*LLAMA, "--currency", "XXX"), "unknown_currency", "KRW"),
        ((*LLAMA, "--rate", "a lot"), "not_a_decimal", "--rate"),
        ((*LLAMA, "--rate", "-2"), "amount_negative", "--rate"),
        (("missing/config.json", "--on", "H100"), "cannot_read_file", "missing/config.json"),
        (("qwen3-8b", "--on", "H100", "--calibration", "missing"), "cannot_read_file", "missing"),
        (("qwen3-8b", "--on", "H100", "--calibration", "README.md"), "calibration_invalid", "solvent size calibrate"),
        (("qwen3-8b", "--on", "H100", "--measured", "missing"), "cannot_read_file", "missing"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(words: tuple[str, ...], code: str, advice: str) -> None:
    refused = refuse(*words)
    assert refused.code == code
    assert advice in refused.message


@pytest.mark.parametrize("option", ["--busy", "--token-ms", "--pue"])
@pytest.mark.parametrize("number", ["nan", "-1", "1e99"])
def test_numbers_out_of_bounds_are_refused(option: str, number: str) -> None:
    done = raw(*LLAMA, option, number)
    assert isinstance(done.exception, click.BadParameter), done.output


def test_a_probe_of_something_else_is_refused(tmp_path: Path) -> None:
    probe = {
        "base_url": "http://x/v1", "model": "m", "at": "2026-11-28T00:00:00Z", "seconds": 60, "answers": 9,
        "batch": 1e6, "input_tokens": 1, "output_tokens": 1, "tokens_per_s": 1, "first_token_s": 1,
    }  # fmt: skip
    (tmp_path / "probe.json").write_text(json.dumps(probe))
    refused = refuse(*LLAMA, "--calibration", str(tmp_path / "probe.json"))
    assert refused.code == "calibration_invalid"
    assert "another model or machine" in refused.message


def test_files_that_are_no_models_are_refused(tmp_path: Path) -> None:
    for name, content, code in (
        ("big.json", b" " * (1024 * 1024 + 2), "named_file_too_large"),
        ("list.json", b"[]", "model_config_invalid"),
        ("deep.json", b"[" * 100_000, "model_config_invalid"),
        ("bytes.json", b"\xff\xfe\x00", "model_config_invalid"),
        ("odd.json", b'{"quantization_config": 3}', "model_config_invalid"),
        ("cut.gguf", b"GGUF\x03\x00", "gguf_invalid"),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        assert refuse(str(file), "--on", "H100").code == code, name
