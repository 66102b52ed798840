"""The worked example of docs/capacity.md: its numbers are those that the command and the break-even noun give."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.test_size import sized

from solvent.margin.break_even import break_even, free_subsidy
from solvent.values.money import Money, money

DOCS = Path(__file__).parents[2] / "docs"
PRICE = money("20", "USD", "price")
EXAMPLE = (str(DOCS / "examples/gpt3-175b.json"), "--on", "8xA100", "--busy", "0.3", "--kwh", "0.10")


def net_price() -> Money:
    """Of $20 with a tenth VAT in it and a card fee of 3.4 %."""
    grains = PRICE.grains
    return Money(grains - grains // 11 - grains * 34 // 1_000, "USD")


@pytest.mark.parametrize(("batch", "cents"), [(4, "5.0"), (8, "2.7")])
def test_the_page_says_what_the_command_says(batch: int, cents: str) -> None:
    cost = sized(*EXAMPLE, "--batch", str(batch))["cost"]
    assert f"{float(cost['total']) * 100:.1f}" == cents
    share = float(cost["power"]) / float(cost["total"])
    none = Money(0, "USD")
    each = money(cost["total"][:14], "USD", "cost")
    alone = break_even("20", net_price(), none, none, each, 1).answers_month
    assert alone is not None
    page = (DOCS / "capacity.md").read_text()
    assert f"| {batch} | {cents} ¢ | {share:.1%} | {alone} | {alone - 100} |" in page


@pytest.mark.parametrize("batch", [4, 8])
def test_a_hundred_is_the_line_where_each_payer_carries_the_free_answers_of_the_table(batch: int) -> None:
    none = Money(0, "USD")
    each = money(sized(*EXAMPLE, "--batch", str(batch))["cost"]["total"][:14], "USD", "cost")
    alone = break_even("20", net_price(), none, none, each, 1).answers_month
    assert alone is not None
    free = free_subsidy(Money(each.grains * (alone - 100), "USD"), 1)
    assert break_even("20", net_price(), free, none, each, 1).answers_month == 100
