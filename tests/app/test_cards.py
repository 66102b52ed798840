"""Rate cards on disk: the operator's replace the shipped, prices may follow cost, every slip is named by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from solvent.app.cards import card_files, documents_of, read_cards
from solvent.pricing.exchange import Exchange
from solvent.values.errors import Invalid
from solvent.values.limits import CARD_FILE_BYTES_MAX

COST = "card: cost\ncurrency: USD\nentries:\n  - {from: 2026-11-01, input: 0.15, output: 0.60}\n"
PRICE = "card: price\ncurrency: KRW\nentries:\n  - {from: 2026-11-01, markup: {of: cost, percent: 10}}\n"


def folder(near: Path, **files: str) -> Path:
    (near / "rate_cards").mkdir(exist_ok=True)
    for name, text in files.items():
        (near / "rate_cards" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return near


def test_shipped_cards_are_there_without_a_folder(tmp_path: Path) -> None:
    cards = read_cards(tmp_path)
    assert cards == read_cards(None)
    assert "solvent-house-price.KRW" in cards
    assert card_files(tmp_path / "rate_cards") == []


def test_a_card_of_the_operators_replaces_a_shipped_one(tmp_path: Path) -> None:
    own = COST.replace("card: cost", "card: solvent-house-price.KRW").replace("USD", "KRW")
    [card] = read_cards(folder(tmp_path, own=own))["solvent-house-price.KRW"]
    assert card.input_picos == 150_000


def test_prices_follow_cost_across_files_at_the_rate_that_is_given(tmp_path: Path) -> None:
    folder(tmp_path, a=PRICE, b=COST)
    [price] = read_cards(tmp_path, [Exchange("USD", "KRW", 1_400, 1, 0, "")])["price"]
    assert price.input_picos == 150_000 * 1_400 * 11 // 10
    assert read_cards(tmp_path)["price"] == (), "without a rate there is no price"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("card: [", "own.yaml"),
        ("card: cost\ncurrency: USD\n", "`entries`"),
        (COST + "---\n" + COST, "two documents give prices of cost"),
        (COST.replace("input: 0.15", "input: 0.15, input: 1.5"), "'input' is written twice"),
        ("card: cost\n" + COST, "'card' is written twice"),
        (PRICE, "which is not there"),
        ("a" * 10_000 + ": [" * 5_000, "own.yaml"),
        ("", ""),
    ],
)
def test_a_slip_is_named_by_its_file(tmp_path: Path, text: str, named: str) -> None:
    folder(tmp_path, own=text)
    if not named:
        assert read_cards(tmp_path) == read_cards(None), "an empty file says nothing"
        return
    with pytest.raises(Invalid) as caught:
        read_cards(tmp_path)
    assert caught.value.code == "bad_rate_card"
    assert named in caught.value.message
    assert str(tmp_path) in caught.value.message


def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    folder(tmp_path)
    file = tmp_path / "rate_cards" / "own.yaml"
    for content in (b"\xff\xfe\x00", b"#" * (CARD_FILE_BYTES_MAX + 1)):
        file.write_bytes(content)
        with pytest.raises(Invalid) as caught:
            read_cards(tmp_path)
        assert "own.yaml" in caught.value.message
    file.unlink()
    file.mkdir()
    with pytest.raises(Invalid):
        read_cards(tmp_path)


def test_every_value_stays_a_text() -> None:
    [document] = documents_of("a: 0.10\nb: 2026-11-01\nc: yes\nd: 01:30\ne: ~\nf: 1e3", "f")
    assert document == {"a": "0.10", "b": "2026-11-01", "c": "yes", "d": "01:30", "e": "~", "f": "1e3"}
