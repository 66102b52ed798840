"""The books in Beancount's language: the real bean-check finds every sum right, and any that is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.bean_check import bean_check

from solvent.ledger.balance import Calendar, Key, Movement, all_months, movements
from solvent.ledger.beancount import account_name, amount, assertions, entries, opening
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.values.ids import TransferId
from solvent.values.money import Money
from solvent.values.period import zone

DAY_US = 86_400_000_000
NAME = re.compile(r"(Assets|Liabilities|Income|Expenses|Equity)(:[A-Z0-9][A-Za-z0-9-]*)+")


def day(at_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).date().isoformat()


def sums(rows: Sequence[Transfer]) -> dict[Key, Movement]:
    return all_months(movements(rows, Calendar(zone("UTC")).month))


def text_of(rows: Sequence[Transfer]) -> str:
    balances = sums(rows)
    last_us = max((row.at_us for row in rows), default=0)
    parts = [*opening(balances, "KRW", day(0)), *entries(rows, day), *assertions(balances, day(last_us + DAY_US))]
    return "".join(parts)


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("wallet:cus_k10", "Liabilities:Wallet:Cus-k10"),
        ("cost:api:some-vendor", "Expenses:Cost:Api:Some--vendor"),
        ("cost:api:gpt_4.1", "Expenses:Cost:Api:Gpt-4X2eX1"),
        ("receivable:processor:toss", "Assets:Receivable:Processor:Toss"),
        ("vat:payable", "Liabilities:Vat:Payable"),
        ("revenue:answers", "Income:Revenue:Answers"),
        ("refunds:answers", "Income:Refunds:Answers"),
        ("expense:payment_fees:toss", "Expenses:Payment-fees:Toss"),
        ("expense", "Expenses:Expense"),
        ("expense:cost", "Expenses:Expense:Cost"),
        ("memo:issued", "Equity:Memo:Issued"),
        ("budget:user:cus_1::202611", "Equity:Memo:Budget:User:Cus-1:0X:202611"),
        ("allowance:cus_1:김", "Equity:Memo:Allowance:Cus-1:Xae40X"),
        ("something:new", "Equity:Other:Something:New"),
    ],
)
def test_an_account_keeps_its_place(account: str, name: str) -> None:
    assert account_name(account) == name


words = st.text("abxX0-_.4é김 ", max_size=5) | st.sampled_from(["expense", "memo", "cost", "budget", "wallet", "cash"])
paths = st.lists(words, min_size=1, max_size=3).map(":".join)


@given(paths, paths)
def test_no_two_accounts_share_a_name(one: str, other: str) -> None:
    assert NAME.fullmatch(account_name(one))
    assert (account_name(one) == account_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("grains", "unit", "written"),
    [
        (125_000_001, "KRW", "12.5000001 KRW"), (-1, "USD", "-0.000000001 USD"), (0, "KRW", "0 KRW"),
        (10**7, "KRW.INCLUDED", "1 KRW.INCLUDED"), (5, "ANSWERS", "5 ANSWERS"), (-70, "TOKENS", "-70 TOKENS"),
        (25_000_000, "KRW.ON-ACCOUNT", "2.5 KRW.ON-ACCOUNT"),
    ],
)  # fmt: skip
def test_amounts_are_exact(grains: int, unit: str, written: str) -> None:
    assert amount(grains, unit) == written


def story() -> list[Transfer]:
    """A month of everything there is, with a hold that stays open and one that is voided."""
    won = [Money(n * 10**6 + n, "KRW") for n in range(20)]
    first = hold(TransferId("ans_1.hold"), DAY_US, "wallet:cus_1", "revenue:answers", won[9], 10**15, "ans_1")
    second = hold(TransferId("ans_2.hold"), DAY_US, "wallet:cus_1", "revenue:answers", won[3], 10**15, "ans_2")
    third = hold(TransferId("ans_3.hold"), DAY_US, "wallet:cus_1", "revenue:answers", won[2], 10**15, "ans_3")
    answers = Money(300, "ANSWERS")
    return [
        posting(TransferId("top_1"), 5, "receivable:processor:toss", "wallet:cus_1", won[19], 'top-up "1" \\ \n two'),
        posting(TransferId("give_1"), 6, "memo:issued", "allowance:cus_1:202611", answers, "sub_1/202611"),
        posting(TransferId("give_2"), 6, "expense:grants", "grant:cus_1:g1", Money(7, "KRW"), "grant/g1"),
        first, second, third,
        post(first, won[8], 2 * DAY_US),
        posting(TransferId("ans_1.cost"), 2 * DAY_US, "cost:api:some-vendor", "payable:some-vendor", won[4], "ans_1"),
        void(second, 2 * DAY_US),
        posting(TransferId("bill_1"), 3 * DAY_US, "payable:some-vendor", "cash:bank", Money(123_456_789, "USD"), "b"),
        posting(TransferId("late"), 1 * DAY_US, "wallet:cus_1", "vat:payable", won[1], "close/202611"),
    ]  # fmt: skip


def test_bean_check_finds_every_sum_right(tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    file.write_text(text_of(story()))
    assert bean_check(file) == ""


def test_bean_check_finds_every_sum_of_large_random_books_right(tmp_path: Path) -> None:
    chance = Random(5)
    names = [
        "wallet:cus_1",
        "wallet:cus_2",
        "cash:bank",
        "revenue:answers",
        "memo:issued",
        "budget:user:cus_1:김:20261",
    ]
    rows = []
    for n in range(3_000):
        debit, credit = chance.sample(names, 2)
        money = Money(chance.randrange(10 ** chance.randrange(1, 17)), chance.choice(["KRW", "USD", "ANSWERS"]))
        at_us = chance.randrange(400 * DAY_US)
        rows.append(posting(TransferId(f"t{n}"), at_us, debit, credit, money, f"cause/{n // 3}"))
    file = tmp_path / "books.beancount"
    file.write_text(text_of(rows), encoding="utf-8")
    assert bean_check(file) == ""


def test_bean_check_finds_one_grain_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    text = text_of(story())
    for good, bad in (
        ("1.9000019 KRW", "1.900002 KRW"),
        ("balance Liabilities:Wallet:Cus-1  -", "balance Liabilities:Wallet:Cus-1  "),
    ):
        assert good in text
        file.write_text(text.replace(good, bad, 1))
        assert "error" in bean_check(file).lower() or "Balance failed" in bean_check(file)


def test_holds_and_voids_are_left_out_and_postings_are_not() -> None:
    written = "".join(entries(story(), day))
    assert "ans_1.hold.posted" in written
    assert 'ans_1.hold"' not in written
    assert "ans_2" not in written
    assert "ans_3" not in written
    assert written.count('* "ans_1"') == 1, "what one answer posted is one entry"


def test_the_same_books_give_the_same_text() -> None:
    assert text_of(story()) == text_of(story())


units = st.sampled_from(["KRW", "USD", "ANSWERS", "KRW.INCLUDED"])
accounts = st.sampled_from(["wallet:cus_1", "cash:bank", "revenue:answers", "memo:issued", "budget:key:key_1:2026"])


@st.composite
def journals(draw: st.DrawFn) -> list[Transfer]:
    rows = []
    for n in range(draw(st.integers(0, 20))):
        money = Money(draw(st.integers(0, 2**53)), draw(units))
        debit, credit = draw(accounts), draw(accounts)
        rows.append(posting(TransferId(f"t{n}"), draw(st.integers(0, 10**15)), debit, credit, money, f"r{n % 3}"))
    return rows


@given(journals())
def test_every_entry_sums_to_nothing_in_every_unit(rows: list[Transfer]) -> None:
    for entry in entries(rows, day):
        totals: dict[str, int] = {}
        for number, unit in re.findall(r"^  \S+  (-?[\d.]+) (\S+)$", entry, re.MULTILINE):
            places = 9 if unit.startswith("USD") else 7 if unit.startswith("KRW") else 0
            whole, _, part = number.lstrip("-").partition(".")
            grains = int(whole) * 10**places + int(part.ljust(places, "0") or "0")
            totals[unit] = totals.get(unit, 0) + (-grains if number.startswith("-") else grains)
        assert not any(totals.values()), entry
