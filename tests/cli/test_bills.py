"""`solvent bills` on the books of this machine: seen, taken once, listed, shown; in both languages and as JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.cli.test_books_commands import Shell
from tests.db.opened import opened
from tests.reconciling.answered import answered
from tests.reconciling.exports import OPENAI_CSV

from solvent.values.errors import Invalid

DAY = 20_758  # 2026-11-01
EXCHANGE = '\n[[exchanges]]\nbase = "USD"\nquote = "KRW"\nrate = "1400"\nfrom = "2026-10-01"\nsource = "bank"\n'


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    """Books in won, a provider that bills in dollars, and a rate between them."""
    here = Shell(tmp_path)
    here.config.write_text(here.config.read_text() + EXCHANGE)

    async def lay() -> None:
        async with opened(here.data) as database:
            await database.write(lambda c: answered(c, DAY, "gpt-4o", "1750", currency="KRW"))
            await database.write(lambda c: answered(c, DAY + 1, "gpt-4o-mini", "700", currency="KRW"))

    asyncio.run(lay())
    (tmp_path / "november.csv").write_text(OPENAI_CSV)
    return here


def test_a_bill_is_seen_taken_once_listed_and_shown(here: Shell) -> None:
    file = str(here.folder / "november.csv")
    seen = here.run("bills", "import", file, "--provider", "openai", "--dry-run")
    assert "Nobody knows the model web search: ₩14.0 of it are residual." in seen
    assert "1 USD = 1400 KRW since 2026-10-01 (bank)" in seen
    assert "There are none." in here.run("bills", "list")
    taken = here.run("bills", "import", file, "--provider", "openai")
    assert "The residual of each day is in suspense." in taken
    assert "Nothing was posted." in here.run("bills", "import", file, "--provider", "openai")
    found = json.loads(here.run("bills", "list", "--json"))["data"]
    assert [(one["residual"], one["share"], one["rows"]) for one in found] == [("14.0840001", "0.57 %", 5)]
    id = found[0]["id"]
    assert "한도 초과" in here.run("bills", "list", language="ko")
    shown = here.run("bills", "show", id)
    assert "code interpreter sessions" in shown
    assert "0.03 USD" in shown
    by_day = here.run("bills", "residual", id, "--by", "day")
    assert "all models" in by_day
    assert "2026-11-02" in by_day
    lines = json.loads(here.run("bills", "residual", id, "--json"))
    assert sum(float(one["residual"]) for one in lines["data"]) == pytest.approx(float(lines["residual"]))
    told = here.run("alarms", "--kind", "bill_residual")
    assert f"differ by ₩14.1, 0.57 % of ₩2,464: {id}." in told
    assert "suspense:bills:openai" in here.run("ledger", "accounts")


def test_columns_are_mapped_and_a_newer_bill_replaces_the_older(here: Shell) -> None:
    file = here.folder / "any.csv"
    file.write_text("Tag,Betrag,Modell\n2026-11-01,1750,GPT 4o\n2026-11-02,700,mini\n")
    words = ("--provider", "openai", "--map", "date=Tag", "--map", "amount=Betrag", "--map", "model=Modell")
    first = here.run("bills", "import", str(file), *words, "--currency", "KRW", "--json")
    assert json.loads(first)["bill"]["residual"] == "0"
    newer = here.run("bills", "import", str(file), *words, "--currency", "KRW", "--alias", "mini=gpt-4o-mini")
    assert f"{json.loads(first)['bill']['id']} was reversed for it." in newer
    assert "replaced" in here.run("bills", "list")
    with pytest.raises(Invalid, match="cannot be read"):
        raise here.raw("bills", "import", str(here.folder / "none.csv"), "--provider", "openai").exception or OSError
