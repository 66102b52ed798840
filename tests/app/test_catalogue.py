"""The shipped list of open models is whole and honest, and an entry never disturbs what an operator wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from solvent.app.cards import read_cards
from solvent.app.catalogue import OpenModel, Sums, add_entry, find_model, provenance, read_catalogue
from solvent.app.config import read_config
from solvent.cli.pull import pull
from solvent.pricing.rate_card import card_at
from solvent.values.errors import Invalid, Refused

NOW_US = 1_795_500_000_000_000  # late November 2026
SUMS = Sums(5, "a" * 64, "the list")


def _list(tmp_path: Path, **changes: str) -> Path:
    fields = {
        "name": "tiny", "title": "Tiny", "repository": "maker/tiny-GGUF", "revision": "main", "file": "tiny.gguf",
        "size_bytes": "5", "sha256": "a" * 64, "verified": "true", "source": "test", "checked": "2026-11-24",
        "licence": "MIT", "licence_url": "https://example.com/licence", "commercial_use": "true",
        "languages": "[ko]", "context_tokens": "2048", "context_tokens_max": "4096", "output_tokens_max": "512",
        "seats": "2", "memory_gib": "1", "cost_card": "open-models-cost", "price_card": "open-models-1b-price",
    } | changes  # fmt: skip
    file = tmp_path / "models.yaml"
    file.write_text("-\n" + "".join(f"  {key}: {value}\n" for key, value in fields.items()))
    return file


def _tiny(tmp_path: Path) -> OpenModel:
    return read_catalogue(_list(tmp_path))["tiny"]


def test_the_shipped_list_has_what_was_promised() -> None:
    models = read_catalogue()
    assert {"qwen3-0.6b", "qwen3-1.7b", "qwen3-4b", "exaone-4.0-1.2b", "gemma-3-1b", "kanana-1.5-2.1b"} <= set(models)
    sums = [model.sha256 for model in models.values() if model.verified]
    assert len(sums) == len(set(sums))
    for model in models.values():
        assert model.memory_gib * 2**30 > model.size_bytes, f"{model.name} would not fit"
        assert model.source, f"{model.name} does not say where its numbers are from"


def test_a_licence_that_forbids_commercial_use_says_so_and_charges_nothing() -> None:
    exaone = read_catalogue()["exaone-4.0-1.2b"]
    assert not exaone.commercial_use
    assert "research" in exaone.licence_note
    price = card_at(read_cards(None)[f"{exaone.price_card}.KRW"], NOW_US)
    assert price is not None
    assert price.input_picos == price.output_picos == 0


@pytest.mark.parametrize("currency", ["KRW", "USD"])
def test_every_model_has_both_cards_and_sells_above_zero_where_it_may(currency: str) -> None:
    cards = read_cards(None)
    for model in read_catalogue().values():
        cost = card_at(cards[f"{model.cost_card}.{currency}"], NOW_US)
        price = card_at(cards[f"{model.price_card}.{currency}"], NOW_US)
        assert cost is not None
        assert cost.engine_hour_picos
        assert cost.kilowatt_hour_picos
        assert price is not None
        assert price.output_picos is not None
        assert (price.output_picos > 0) == model.commercial_use, model.name


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": "../tiny"}, "name"),
        ({"file": "a/../b.gguf"}, "file"),
        ({"repository": "tiny"}, "repository"),
        ({"sha256": "abc"}, "sha256"),
        ({"size_bytes": "many"}, "size_bytes"),
        ({"verified": "false"}, "verified"),
        ({"sha256": '""'}, "verified"),
        ({"output_tokens_max": "4096"}, "context_tokens"),
        ({"context_tokens": "8192"}, "context_tokens"),
        ({"licence_url": "http://example.com"}, "licence_url"),
        ({"sise_bytes": "5"}, "sise_bytes"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, changes: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid, match=named) as caught:
        read_catalogue(_list(tmp_path, **changes))
    assert caught.value.code == "bad_catalogue"
    assert "models[0]" in caught.value.message


def test_a_name_that_is_there_twice_and_a_list_that_is_none_are_refused(tmp_path: Path) -> None:
    file = _list(tmp_path)
    file.write_text(file.read_text() * 2)
    with pytest.raises(Invalid, match="twice"):
        read_catalogue(file)
    file.write_text("name: tiny")
    with pytest.raises(Invalid, match="list of 1 to"):
        read_catalogue(file)
    file.write_text("- [")
    with pytest.raises(Invalid, match="YAML") as caught:
        read_catalogue(file)
    assert "\n" not in caught.value.message


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(Invalid, match=r"qwen3-0\.6b"):
        find_model(read_catalogue(), "qwen4")


def test_an_entry_is_appended_and_everything_above_stays_byte_for_byte(tmp_path: Path) -> None:
    model, config = _tiny(tmp_path), tmp_path / "solvent.toml"
    old = b'# mine \xec\x9a\xb4\xec\x98\x81\xec\x9e\x90\r\ncurrency   = "USD"   # dollars\r\n\r\n[hardware]\nthreads=2'
    config.write_bytes(old)
    config.chmod(0o640)
    assert add_entry(model, tmp_path / "models" / "tiny.gguf", config, {}, provenance(model, SUMS))
    new = config.read_bytes()
    assert new.startswith(old + b"\n\n# Tiny")
    read = read_config(config, {})
    entry = read.models[0]
    assert (entry.name, entry.provider, entry.file, entry.seats) == ("tiny", "llamacpp", "models/tiny.gguf", 2)
    assert (entry.cost_card, entry.price_card) == ("open-models-cost.USD", "open-models-1b-price.USD")
    assert (entry.context_tokens, entry.output_tokens_max) == (2048, 512)
    assert read.hardware.threads == 2
    assert config.stat().st_mode & 0o777 == 0o640
    assert "a" * 64 in new.decode()
    assert not add_entry(model, tmp_path / "models" / "tiny.gguf", config, {}, "again")
    assert config.read_bytes() == new
    assert sorted(file.name for file in tmp_path.iterdir()) == ["models.yaml", "solvent.toml"]


def test_a_second_model_goes_below_the_first(tmp_path: Path) -> None:
    model, config = _tiny(tmp_path), tmp_path / "data" / "solvent.toml"
    other = msgspec.structs.replace(model, name="other")
    assert add_entry(model, tmp_path / "data" / "models" / "tiny.gguf", config, {}, "first")
    first = config.read_bytes()
    assert add_entry(other, Path("/elsewhere/other.gguf"), config, {}, "second")
    assert config.read_bytes().startswith(first + b"\n# second\n")
    assert [entry.file for entry in read_config(config, {}).models] == ["models/tiny.gguf", "/elsewhere/other.gguf"]


def test_an_entry_of_that_name_is_left_alone(tmp_path: Path) -> None:
    model, config = _tiny(tmp_path), tmp_path / "solvent.toml"
    config.write_text('[[models]]\nname="tiny"\nprovider="llamacpp"\nfile="x"\ncost_card="c"\nprice_card="p"\n')
    old = config.read_bytes()
    assert not add_entry(model, tmp_path / "tiny.gguf", config, {}, "")
    assert config.read_bytes() == old


@pytest.mark.parametrize("text", ["models = []\n", "currency = ", 'currncy = "KRW"\n'])
def test_a_configuration_that_cannot_take_it_is_not_touched(tmp_path: Path, text: str) -> None:
    model, config = _tiny(tmp_path), tmp_path / "solvent.toml"
    config.write_text(text)
    for remark in (None, "remark"):
        with pytest.raises(Invalid, match=r"solvent\.toml") as caught:
            add_entry(model, tmp_path / "tiny.gguf", config, {}, remark)
        assert "\n" not in caught.value.message
    assert config.read_text() == text


def test_trying_out_writes_nothing(tmp_path: Path) -> None:
    model, config = _tiny(tmp_path), tmp_path / "new" / "solvent.toml"
    assert add_entry(model, tmp_path / "tiny.gguf", config, {}, None)
    assert not config.parent.exists()


def test_a_currency_without_cards_says_which_card_to_write(tmp_path: Path) -> None:
    model, config = _tiny(tmp_path), tmp_path / "solvent.toml"
    with pytest.raises(Invalid, match=r"open-models-cost\.JPY"):
        add_entry(model, tmp_path / "tiny.gguf", config, {"SOLVENT_CURRENCY": "JPY"}, "")
    assert not config.exists()


def test_a_linked_configuration_stays_a_link(tmp_path: Path) -> None:
    model, config, real = _tiny(tmp_path), tmp_path / "solvent.toml", tmp_path / "real.toml"
    real.write_text('currency = "KRW"\n')
    os.symlink(real, config)
    assert add_entry(model, tmp_path / "tiny.gguf", config, {}, "")
    assert config.is_symlink()
    assert "tiny" in real.read_text()


def test_the_door_lists_refuses_and_names(tmp_path: Path) -> None:
    run = CliRunner().invoke
    listed = run(pull, [])
    assert all(word in listed.stdout for word in ("qwen3-0.6b", "639 MB", "EXAONE 1.2-NC", "8 GiB"))
    assert json.loads(run(pull, ["--list", "--json"]).stdout)[0]["repository"] == "Qwen/Qwen3-0.6B-GGUF"
    assert isinstance(run(pull, ["qwen9"]).exception, Invalid)
    refused = run(pull, ["exaone-4.0-1.2b", "--data", str(tmp_path)])
    assert isinstance(refused.exception, Refused)
    assert "research" in refused.stderr
    assert not list(tmp_path.iterdir())
