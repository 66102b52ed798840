"""The two statements of a month reconcile to the grain, whatever was booked, and months follow each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.ledger.books import AccountSum, books_of, carried, class_of, section_of

ACCOUNTS = (
    "cash:bank", "receivable:processor:toss", "receivable:invoices", "wallet", "grant", "deferred", "vat:payable",
    "payable:openai", "accrued:engine", "revenue:answers", "revenue:breakage", "refunds:top_up", "cost:api:openai",
    "expense:grants", "fx:difference", "rounding", "suspense", "something:new",
)  # fmt: skip


@st.composite
def months(draw: st.DrawFn) -> list[list[AccountSum]]:
    """Some months of postings, summed by account; debits equal credits in each."""
    made = []
    for _ in range(draw(st.integers(1, 4))):
        sums = {account: [0, 0] for account in ACCOUNTS}
        for _ in range(draw(st.integers(0, 10))):
            grains = draw(st.integers(0, 10**12))
            sums[draw(st.sampled_from(ACCOUNTS))][0] += grains
            sums[draw(st.sampled_from(ACCOUNTS))][1] += grains
        made.append([AccountSum(name, "KRW", 0, *both) for name, both in sums.items() if any(both)])
    return made


@given(months())
def test_what_is_owned_less_what_is_owed_is_all_that_was_earned(moved: list[list[AccountSum]]) -> None:
    kept: list[AccountSum] = []
    so_far = 0
    for number, month in enumerate(moved, start=1):
        kept = carried(kept, month)
        for books in books_of(number, kept, is_closed=True):
            so_far += books.profit
            assert books.profit_so_far == so_far
            owned = sum(line.grains for line in books.balance_sheet if line.section == "owned")
            owed = sum(line.grains for line in books.balance_sheet if line.section == "owed")
            assert owned - owed == so_far
            earned, spent, between = (
                sum(line.grains for line in books.profit_and_loss if line.section == section)
                for section in ("earned", "spent", "between")
            )
            assert earned - spent - between == books.profit


def test_what_is_not_money_stands_in_no_statement() -> None:
    sums = [
        AccountSum("allowance", "ANSWERS", 0, 3, 300), AccountSum("memo:issued", "KRW", 0, 300, 0),
        AccountSum("budget", "KRW.SPENDING", 0, 1, 2),
    ]  # fmt: skip
    assert books_of(202611, sums, is_closed=True) == []


def test_a_sheet_that_does_not_balance_is_a_broken_ledger() -> None:
    with pytest.raises(AssertionError, match="do not balance"):
        books_of(202611, [AccountSum("cash:bank", "KRW", 0, 5, 0)], is_closed=True)


def test_customers_accounts_are_one_line_and_others_stand_for_themselves() -> None:
    assert class_of("wallet:cus_1") == "wallet"
    assert class_of("receivable:invoices:cus_1") == "receivable:invoices"
    assert class_of("receivable:processor:toss") == "receivable:processor:toss"
    assert section_of("receivable:unbilled") == "owned"
    assert section_of("deferred") == "owed"
    assert section_of("nobody:knows") == "between"
