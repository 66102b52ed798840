"""Balances are a fold over transfers, in any order; a purse never promises what it has not."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.ledger.balance import Movement, Purse, movements
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.values.ids import TransferId
from solvent.values.money import Money

ACCOUNTS = st.sampled_from(["wallet:a", "wallet:b", "revenue", "cost"])


@st.composite
def journals(draw: st.DrawFn) -> list[Transfer]:
    rows: list[Transfer] = []
    for n in range(draw(st.integers(0, 12))):
        debit, credit, grains = draw(ACCOUNTS), draw(ACCOUNTS), draw(st.integers(0, 10**12))
        amount = Money(grains, draw(st.sampled_from(["KRW", "USD"])))
        if draw(st.booleans()):
            rows.append(posting(TransferId(f"p{n}"), n, debit, credit, amount, ""))
            continue
        held = hold(TransferId(f"h{n}"), n, debit, credit, amount, n, "")
        rows.append(held)
        match draw(st.sampled_from(["open", "post", "void"])):
            case "post":
                rows.append(post(held, Money(draw(st.integers(0, grains)), amount.currency), n))
            case "void":
                rows.append(void(held, n))
    return rows


def as_numbers(sums: dict[tuple[str, str], Movement]) -> dict[tuple[str, str], tuple[int, ...]]:
    found = {key: (m.debits, m.credits, m.held_debits, m.held_credits) for key, m in sums.items()}
    return {key: numbers for key, numbers in found.items() if any(numbers)}


@given(journals(), st.integers())
@settings(deadline=None, max_examples=200)
def test_the_order_of_rows_does_not_matter(rows: list[Transfer], seed: int) -> None:
    shuffled = Random(seed).sample(rows, len(rows))
    assert as_numbers(movements(shuffled)) == as_numbers(movements(rows))


@given(journals())
@settings(deadline=None, max_examples=200)
def test_debits_equal_credits_of_each_currency_and_what_is_open_is_held(rows: list[Transfer]) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    for (_, currency), moved in movements(rows).items():
        sums[currency, "posted"] += moved.debits - moved.credits
        sums[currency, "held"] += moved.held_debits - moved.held_credits
        assert min(moved.debits, moved.credits, moved.held_debits, moved.held_credits) >= 0
    assert not any(sums.values())
    resolved = {row.resolves for row in rows}
    open_grains = sum(row.grains for row in rows if row.state == "pending" and row.id not in resolved)
    assert sum(moved.held_debits for moved in movements(rows).values()) == open_grains


def test_a_posting_spends_and_returns_the_rest() -> None:
    held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
    assert movements([held])["wallet:a", "KRW"] == Movement(held_debits=100)
    both = movements([held, post(held, Money(30, "KRW"), 2)])
    assert both["wallet:a", "KRW"] == Movement(debits=30)
    assert both["revenue", "KRW"] == Movement(credits=30)


@given(
    st.integers(0, 1_000),
    st.lists(st.tuples(st.sampled_from(["hold", "settle", "add"]), st.integers(-5, 1_200), st.integers(-5, 1_200))),
)
@settings(deadline=None, max_examples=300)
def test_a_purse_never_goes_below_zero_whatever_is_asked_of_it(start: int, steps: list[tuple[str, int, int]]) -> None:
    purse = Purse(start)
    for step, a, b in steps:
        before = (purse.posted, purse.held)
        try:
            match step:
                case "hold":
                    purse.hold(a)
                case "settle":
                    purse.settle(a, b)
                case _:
                    purse.add(a)
        except AssertionError:
            assert (purse.posted, purse.held) == before
        assert purse.available >= 0
        assert 0 <= purse.held <= purse.posted


@pytest.mark.parametrize("spent", [0, 1, 40])
def test_a_purse_gives_back_what_was_not_spent(spent: int) -> None:
    purse = Purse(100)
    purse.hold(40)
    assert purse.available == 60
    purse.settle(40, spent)
    assert (purse.posted, purse.held, purse.available) == (100 - spent, 0, 100 - spent)


def test_a_hold_ends_once_in_the_purse_too() -> None:
    purse = Purse(100)
    purse.hold(40)
    purse.settle(40, 10)
    with pytest.raises(AssertionError):
        purse.settle(40, 10)


def test_a_purse_begins_with_what_there_is() -> None:
    with pytest.raises(AssertionError):
        Purse(-1)
