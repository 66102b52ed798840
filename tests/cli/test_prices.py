"""`solvent prices`: what is in force, where it comes from, what changed, and what a correction comes to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.answering.desks import USAGE, Scripted, reported, said, shop
from tests.answering.stories import KNOWN
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.cli.main import solvent
from solvent.pricing.card_file import rate_cards
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.values.errors import SolventError
from solvent.values.money import Money, plain

CARDS = """\
card: openai/gpt
currency: USD
provider: openai
model: gpt
entries:
  - from: 2026-01-01
    source: a list
    input: 5
    output: 30
    tiers:
      - above: 200000
        input: 10
  - from: 2026-08-21
    input: 4
    output: 30
    tariffs:
      batch:
        times: 1/2
---
card: openai/gpt-won
currency: KRW
entries:
  - from: 2026-01-01
    markup:
      of: openai/gpt
      percent: 10
---
card: price
currency: KRW
entries:
  - {from: 1970-01-01, input: 2, cached_input: 1, output: 8}
  - {from: 1970-01-01, input: 1, cached_input: 1, output: 1, corrects: a slip}
"""
CONFIG = """\
currency = "KRW"
house_model = false
[[exchanges]]
base = "USD"
quote = "KRW"
rate = "1400"
from = "2026-01-01"
source = "a bank"
"""


class Shell:
    """Runs `solvent prices` on one folder, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "solvent.toml"
        self.config.write_text(CONFIG)
        self.data.mkdir()
        self.cards = folder / "rate_cards"
        self.cards.mkdir()
        (self.cards / "mine.yaml").write_text(CARDS)

    def raw(self, *words: str, language: str = "en") -> Result:
        place = ["--data", str(self.data), "--config", str(self.config)]
        settings = {"SOLVENT_LANGUAGE": language, "COLUMNS": "200"}
        return CliRunner().invoke(solvent, ["prices", *words, *place], env=settings, standalone_mode=False)

    def run(self, *words: str, language: str = "en") -> str:
        done = self.raw(*words, language=language)
        assert done.exception is None, (words, done.exception, done.output)
        return done.output

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def refuse(self, *words: str) -> SolventError:
        done = self.raw(*words)
        assert done.output == ""
        assert isinstance(done.exception, SolventError), (words, done.exception, done.output)
        return done.exception


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_cards_in_force_are_listed(shell: Shell) -> None:
    text = shell.run("list", "openai/")
    assert "openai/gpt" in text
    assert "batch" in text
    assert "백만 개당" in shell.run("list", language="ko")
    gpt, won = shell.json("list", "openai/", "--at", "2026-09-01")
    assert (gpt["version"], gpt["prices"]["input"], won["prices"]["input"]) == ("openai/gpt@2026-08-21", "4", "6160")
    [old, _] = shell.json("list", "openai/", "--at", "2026-02-01")
    assert (old["prices"]["input"], old["tiers"][0]["prices"]["input"]) == ("5", "10")
    assert shell.json("list", "nobody/") == []
    assert shell.json("list", "openai/", "--at", "2025-01-01") == []


def test_one_card_is_shown_whole(shell: Shell) -> None:
    text = shell.run("show", "openai/gpt", "--at", "2026-02-01")
    assert "200,000" in text
    assert "audio_input" in text, "what is assumed is said"
    assert "reasoning" not in text.partition("amount")[2], "what only repeats another price is not"
    assert [one["version"] for one in shell.json("show", "openai/gpt", "--all")] == [
        "openai/gpt@2026-01-01", "openai/gpt@2026-08-21"]  # fmt: skip
    assert shell.refuse("show", "openai/gtp").code == "no_such_card"
    assert shell.refuse("show", "openai/gpt", "--at", "someday").code == "not_a_date"


def test_what_changed_between_two_dates_is_listed(shell: Shell) -> None:
    found = shell.json("diff", "openai/", "--since", "2026-02-01", "--until", "2026-09-01")
    assert [(one["card"], one["price"], one["ours"], one["theirs"], one["off_permyriad"])
            for one in found["disagreements"] if not one["above_tokens"]] == [
        ("openai/gpt", "input", "5", "4", -2_000), ("openai/gpt-won", "input", "7700", "6160", -2_000)]  # fmt: skip
    assert "-20.00 %" in shell.run("diff", "--since", "2026-02-01", "--until", "2026-09-01")
    assert "No price changed" in shell.run("diff", "--since", "2026-09-01", "--until", "2026-10-01")
    assert "+ openai/gpt" in shell.run("diff", "openai/", "--since", "2025-01-01", "--until", "2026-02-01")


def test_prices_are_imported_once(shell: Shell) -> None:
    pytest.importorskip("genai_prices")
    assert shell.refuse("import").code == "bad_request"
    assert shell.refuse("import", "--provider", "opnai").code == "not_in_price_list"
    chosen = ("import", "--provider", "openai", "--model", "gpt-4o-mini", "--model", "whisper-1")
    tried = shell.json(*chosen, "--dry-run")
    assert not (shell.cards / "openai.yaml").exists()
    done = shell.json(*chosen)
    assert tried == done
    assert {one["card"]: one["outcome"] for one in done} == {"openai/gpt-4o-mini": "new", "openai/whisper-1": "left"}
    assert "1 unchanged, 1 left out" in shell.run(*chosen)
    assert "제외 1개" in shell.run(*chosen, language="ko")
    assert shell.json("list", "openai/gpt-4o-mini")[0]["prices"]["input"] == "0.15"


def test_a_second_list_that_disagrees_ends_with_one(shell: Shell, tmp_path: Path) -> None:
    second = tmp_path / "second.json"
    for price, tolerance, code in (
        ("4", "1%", 0),
        ("4.04", "1%", 0),
        ("4.05", "1%", 1),
        ("4.05", "2", 0),
        ("3.9", "2.4%", 1),
    ):
        second.write_text(json.dumps({"openai/gpt": {"input": float(price), "output": 30, "cached_input": 1}}))
        words = ("reconcile", "--against", str(second), "--tolerance", tolerance, "--at", "2026-09-01")
        done = shell.raw(*words)
        assert (done.exit_code, done.exception is None or isinstance(done.exception, SystemExit)) == (code, True)
        assert "only ours" in done.output
        found = json.loads(shell.raw(*words, "--json").output)
        assert [(one["ours"], one["theirs"]) for one in found["disagreements"]] == [("4", price)] * code
        assert [(one["price"], one["ours"]) for one in found["one_sided"]] == [("cached_input", "")]
    assert shell.refuse("reconcile", "--against", str(tmp_path / "nowhere")).code == "bad_price_list"
    for wrong in ("-1%", "101%", "much"):
        assert shell.refuse("reconcile", "--against", str(second), "--tolerance", wrong).param in (
            "tolerance", "--tolerance")  # fmt: skip


def given_answers(shell: Shell, count: int) -> None:
    """So many answers on the books, each of what is KNOWN, at the prices of tests/answering/desks.py."""

    async def live() -> None:
        async with shop(Place(shell.data), Scripted([[said(9, "stop"), reported(USAGE)]])) as made:
            caller = await made.customer("a", 10**9)
            for _ in range(count):
                async for _ in answer(made.question(), caller, made.desk):
                    pass
            await made.quiet()

    asyncio.run(live())


def test_a_corrected_price_is_re_rated_once(shell: Shell) -> None:
    given_answers(shell, 3)
    [wrong, right] = [card for card in rate_cards(shell_card(), "f") if isinstance(card, RateCard)]
    back = 3 * (rate(KNOWN, wrong).grains - rate(KNOWN, right).grains)
    words = ("rerate", "price", "--book", "price", "--since", "2026-11-24", "--until", "2026-12-31")
    tried = shell.json(*words, "--dry-run")
    assert (tried["answers"], tried["corrected"], tried["charge"]) == (3, 3, plain(Money(-back, "KRW")))
    assert "would be corrected" in shell.run(*words, "--dry-run")
    done = shell.json(*words, "--idempotency-key", "k1")
    assert done == tried
    assert shell.json(*words, "--idempotency-key", "k1") == done
    again = shell.run(*words, language="ko")
    assert "3개 가운데 0개" in again
    assert shell.refuse("rerate", "nothing", "--book", "cost", "--since", "2026-11-24").code == "no_such_card"
    assert shell.refuse("rerate", "price", "--book", "cost", "--since", "2026-11-24", "--until", "2026-11-01").code == (
        "bad_request")  # fmt: skip


def shell_card() -> dict[str, Any]:
    """The card `price` of CARDS, as it is read."""
    prices = ({"input": "2", "cached_input": "1", "output": "8"}, {"input": "1", "cached_input": "1", "output": "1"})
    wrong, right = ({"from": "1970-01-01", **one} for one in prices)
    return {"card": "price", "currency": "KRW", "entries": [wrong, right | {"corrects": "a slip"}]}
