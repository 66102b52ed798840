"""Importing and comparing prices on disk: added to, never rewritten; all or nothing; the shipped list fits."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from solvent.app.cards import read_cards
from solvent.app.price_list import published_prices
from solvent.app.prices import Imported, import_prices, our_sheets, their_sheets
from solvent.pricing.published import Conditional, Published, Tiered
from solvent.pricing.rate_card import card_at
from solvent.pricing.rating import can_cost
from solvent.pricing.reconcile import in_our_names, reconcile
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.instant import instant
from solvent.values.limits import PRICE_LIST_BYTES_MAX

NOW_US = instant("2026-11-27T00:00:00Z", "now")
BY_HAND = """\
# Read on paper.
card: openai/gpt
currency: USD
provider: openai
model: gpt
entries:
  - from: 2026-01-01
    input: 5  # dear
    output: 9
---
card: other
currency: KRW
entries: [{from: 2026-01-01, answer: 3}]
"""


def listed(model: str = "gpt", provider: str = "openai", *prices: tuple[str, str]) -> Published:
    """A model with an input price from each date on."""
    dated = [Conditional({"input_mtok": Tiered(price), "output_mtok": Tiered("9")}, since) for since, price in prices]
    return Published(provider, model, dated or [Conditional({"input_mtok": Tiered("5"), "output_mtok": Tiered("9")})])


def imported(near: Path, *some: Published, now_us: int = NOW_US, write: bool = True) -> list[Imported]:
    return import_prices(near, some, now_us, write=write)


def written(near: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in (near / "rate_cards").glob("*")}


def test_new_cards_go_into_a_file_of_their_provider(tmp_path: Path) -> None:
    done = imported(tmp_path, listed(), listed("mini"), listed("gem", "google"))
    assert [(one.card, one.file, one.outcome, one.entries) for one in done] == [
        ("openai/gpt", "openai.yaml", "new", 1), ("openai/mini", "openai.yaml", "new", 1),
        ("google/gem", "google.yaml", "new", 1),
    ]  # fmt: skip
    cards = read_cards(tmp_path)
    assert cards["openai/gpt"][0].input_picos == cards["google/gem"][0].input_picos == 5_000_000
    assert sorted(written(tmp_path)) == ["google.yaml", "openai.yaml"], "no file is left half made"


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    imported(tmp_path, listed(), listed("mini"))
    before = written(tmp_path)
    assert [one.outcome for one in imported(tmp_path, listed(), listed("mini"))] == ["unchanged", "unchanged"]
    assert written(tmp_path) == before


def test_a_new_price_is_added_behind_what_a_person_wrote(tmp_path: Path) -> None:
    (tmp_path / "rate_cards").mkdir()
    (tmp_path / "rate_cards" / "mine.yaml").write_text(BY_HAND, encoding="utf-8")
    [one] = imported(tmp_path, listed("gpt", "openai", ("", "5"), ("2026-11-01", "4")))
    assert (one.file, one.outcome, one.entries) == ("mine.yaml", "added", 1)
    text = written(tmp_path)["mine.yaml"]
    first, second = BY_HAND.split("---\n")
    assert text.startswith(first)
    assert text.endswith(second)
    cards = read_cards(tmp_path)
    assert [card.input_picos for card in cards["openai/gpt"]] == [5_000_000, 4_000_000]
    assert len(cards["other"]) == 1


def test_a_file_that_cannot_be_added_to_is_left_to_a_person(tmp_path: Path) -> None:
    (tmp_path / "rate_cards").mkdir()
    flow = '{card: openai/gpt, currency: USD, entries: [{from: "2026-01-01", input: "5", output: "9"}]}\n'
    trailing = BY_HAND.replace("entries:\n", "entries:\n").replace("model: gpt\n", "").replace(
        "    output: 9\n", "    output: 9\nmodel: gpt\n")  # fmt: skip
    for text in (flow, trailing):
        (tmp_path / "rate_cards" / "mine.yaml").write_text(text, encoding="utf-8")
        with pytest.raises((Conflict, Invalid)) as caught:
            imported(tmp_path, listed("gpt", "openai", ("", "5"), ("2026-11-01", "4")))
        assert "mine.yaml" in caught.value.message
        assert written(tmp_path) == {"mine.yaml": text}, "nothing was written"


def test_a_trial_run_writes_nothing(tmp_path: Path) -> None:
    [one] = imported(tmp_path, listed(), write=False)
    assert one.outcome == "new"
    assert not (tmp_path / "rate_cards").exists()


def test_what_is_left_out_says_why(tmp_path: Path) -> None:
    sound = Published("openai", "whisper", [Conditional({"audio_hours": Tiered("0.36")})])
    [one] = imported(tmp_path, sound)
    assert (one.outcome, one.entries, one.left_out) == ("left", 0, ("nothing here meters audio_hours",))
    imported(tmp_path, listed("gpt", "openai", ("", "5"), ("2027-01-01", "4")))
    [two] = imported(tmp_path, listed("gpt", "openai", ("", "6")))
    assert two.outcome == "left"
    assert "by hand" in two.left_out[0]


def test_one_wrong_file_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "rate_cards").mkdir()
    (tmp_path / "rate_cards" / "bad.yaml").write_text("card: [", encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        imported(tmp_path, listed())
    assert "bad.yaml" in caught.value.message
    assert list(written(tmp_path)) == ["bad.yaml"]


def test_the_installed_list_becomes_cards_that_can_cost(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    done = imported(tmp_path, *published_prices((), ()))
    assert len(done) > 2_000
    new = {one.card for one in done if one.outcome == "new"}
    assert len(new) > 2_000
    cards = read_cards(tmp_path)
    assert new <= set(cards)
    for name in new:
        card = card_at(cards[name], NOW_US)
        assert card is not None
        assert can_cost(card), name
    assert {one.outcome for one in imported(tmp_path, *published_prices((), ()))} == {"unchanged", "left"}


def test_some_of_the_list_is_named_by_provider_and_model() -> None:
    pytest.importorskip("genai_prices")
    one = published_prices(["openai"], ["gpt-4o-mini"])
    assert [(listed.provider, listed.model) for listed in one] == [("openai", "gpt-4o-mini")]
    assert one[0].source.startswith("genai-prices ")
    assert {listed.provider for listed in published_prices([], ["gpt-4o-mini"])} > {"openai"}
    for providers, models in ((["opnai"], []), (["openai"], ["gtp-4o"]), ([], ["gtp-4o"])):
        with pytest.raises(NotFound) as caught:
            published_prices(providers, models)
        assert caught.value.code == "not_in_price_list"


def test_our_cards_are_held_beside_a_second_list(tmp_path: Path) -> None:
    imported(tmp_path, listed("gpt", "openai", ("", "5"), ("2026-11-01", "4")), listed("mini"))
    theirs = tmp_path / "theirs.json.gz"
    models = {"openai/gpt": {"input": 4.1, "output": 9}, "openai/else": {"input": 1}}
    theirs.write_bytes(gzip.compress(json.dumps(models).encode()))
    ours = our_sheets(tmp_path, NOW_US)
    found = reconcile(ours, in_our_names(their_sheets(theirs, NOW_US), ours))
    assert [(one.card, one.price, one.ours, one.theirs) for one in found.disagreements] == [
        ("openai/gpt", "input", "4", "4.1")]  # fmt: skip
    assert (found.compared, found.only_ours, found.only_theirs) == (2, ("openai/mini",), ("openai/else",))


def test_cards_without_a_provider_and_markups_are_not_compared(tmp_path: Path) -> None:
    (tmp_path / "rate_cards").mkdir()
    (tmp_path / "rate_cards" / "a.yaml").write_text(
        BY_HAND + "---\ncard: price\ncurrency: USD\nmodel: x\n"
        "entries: [{from: 2026-01-01, markup: {of: openai/gpt}}]\n",
        encoding="utf-8",
    )  # fmt: skip
    assert list(our_sheets(tmp_path, NOW_US)) == ["openai/gpt"]
    assert our_sheets(tmp_path, 0) == {}
    assert our_sheets(None, NOW_US) == {}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"{", b"\x1f\x8b broken"])
def test_a_second_list_that_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    for name in ("list.json", "list.csv.gz"):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(Invalid) as caught:
            their_sheets(file, NOW_US)
        assert caught.value.code == "bad_price_list"
        assert name in caught.value.message
    with pytest.raises(Invalid):
        their_sheets(tmp_path / "nowhere", NOW_US)


def test_a_second_list_has_a_limit_also_when_it_is_packed(tmp_path: Path) -> None:
    file = tmp_path / "large.csv.gz"
    with gzip.open(file, "wb", compresslevel=1) as out:
        for _ in range(PRICE_LIST_BYTES_MAX // 2**20 + 1):
            out.write(b" " * 2**20)
    with pytest.raises(Invalid) as caught:
        their_sheets(file, NOW_US)
    assert "PRICE_LIST_BYTES_MAX" in caught.value.message
