"""Money, counts and dates by the shared table, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

TABLE: dict[str, list[list[Any]]] = json.loads((Path(__file__).parent / "formats.json").read_text())
CALLS = {
    "money": "(a, c, l) => solvent.money.moneyText(solvent.money.picos(a), c, l)",
    "change": "(a, c, l) => solvent.money.changeText(solvent.money.picos(a), c, l)",
    "compact": "(a, c, l) => solvent.money.compactText(solvent.money.picos(a), c, l)",
    "rate": "(fraction) => solvent.money.rateText(fraction)",
    "counted": "(n, thing, l) => solvent.formats.counted(n, thing, l)",
    "in_days": "(n, l) => solvent.formats.inDays(n, l)",
    "date": "(at, zone, l) => solvent.formats.dateText(new Date(at), l, zone)",
    "day": "(at, zone, l) => solvent.formats.dayText(new Date(at), l, zone)",
    "month": "(at, zone, l) => solvent.formats.monthText(new Date(at), l, zone)",
}


@pytest.mark.parametrize("name", TABLE)
def test_every_format_is_as_the_table_has_it(page: Page, name: str) -> None:
    cases = [(row[:-2], language, row[place]) for row in TABLE[name] for language, place in (("ko", -2), ("en", -1))]
    asked = [[*given, language] for given, language, _ in cases]
    assert page.evaluate(f"(asked) => asked.map((given) => ({CALLS[name]})(...given))", asked) == [
        said for *_, said in cases
    ]
