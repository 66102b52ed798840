"""Balances are a fold over transfers, in any order, kept by the months of a zone; each instant is in one of them."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.ledger.balance import Calendar, MonthKey, Movement, all_months, movements
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.values.ids import TransferId
from solvent.values.instant import instant
from solvent.values.money import Money
from solvent.values.period import month_number, zone

ACCOUNTS = st.sampled_from(["wallet:a", "wallet:b", "revenue", "cost"])
ZONES = st.sampled_from(
    ["Asia/Seoul", "UTC", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu"]
)
FIRST_US, LAST_US = instant("2011-01-01", "first"), instant("2031-12-31", "last")
INSTANTS = st.integers(FIRST_US, LAST_US)


def one_month(_at_us: int) -> int:
    return 202611


@st.composite
def journals(draw: st.DrawFn) -> list[Transfer]:
    rows: list[Transfer] = []
    for n in range(draw(st.integers(0, 12))):
        debit, credit, grains = draw(ACCOUNTS), draw(ACCOUNTS), draw(st.integers(0, 10**12))
        amount = Money(grains, draw(st.sampled_from(["KRW", "USD", "TOKENS", "KRW.INCLUDED"])))
        at_us = draw(INSTANTS)
        if draw(st.booleans()):
            rows.append(posting(TransferId(f"p{n}"), at_us, debit, credit, amount, ""))
            continue
        held = hold(TransferId(f"h{n}"), at_us, debit, credit, amount, n, "")
        rows.append(held)
        match draw(st.sampled_from(["open", "post", "void"])):
            case "post":
                rows.append(post(held, Money(draw(st.integers(0, grains)), amount.currency), draw(INSTANTS)))
            case "void":
                rows.append(void(held, draw(INSTANTS)))
    return rows


def as_numbers(sums: dict[MonthKey, Movement]) -> dict[MonthKey, tuple[int, ...]]:
    found = {key: (m.debits, m.credits, m.held_debits, m.held_credits) for key, m in sums.items()}
    return {key: numbers for key, numbers in found.items() if any(numbers)}


@given(journals(), ZONES, st.integers())
@settings(deadline=None, max_examples=200)
def test_the_order_of_rows_does_not_matter(rows: list[Transfer], name: str, seed: int) -> None:
    shuffled = Random(seed).sample(rows, len(rows))
    calendar = Calendar(zone(name))
    assert as_numbers(movements(shuffled, calendar.month)) == as_numbers(movements(rows, calendar.month))


@given(journals())
@settings(deadline=None, max_examples=200)
def test_debits_equal_credits_of_each_unit_and_what_is_open_is_held(rows: list[Transfer]) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    for (_, unit, _), moved in movements(rows, one_month).items():
        sums[unit, "posted"] += moved.debits - moved.credits
        sums[unit, "held"] += moved.held_debits - moved.held_credits
        assert min(moved.debits, moved.credits, moved.held_debits, moved.held_credits) >= 0
    assert not any(sums.values())
    resolved = {row.resolves for row in rows}
    open_grains = sum(row.grains for row in rows if row.state == "pending" and row.id not in resolved)
    assert sum(moved.held_debits for moved in movements(rows, one_month).values()) == open_grains


@given(journals(), ZONES)
@settings(deadline=None, max_examples=200)
def test_the_months_add_up_to_the_whole_and_balance_each_by_itself(rows: list[Transfer], name: str) -> None:
    """A hold that is set aside in one month and returns in another leaves no trace in the sum of both."""
    by_month = movements(rows, Calendar(zone(name)).month)
    whole = {(account, unit): moved for (account, unit, _), moved in movements(rows, one_month).items()}
    assert all_months(by_month) == whole
    sums: Counter[tuple[str, int, str]] = Counter()
    for (_, unit, month), moved in by_month.items():
        sums[unit, month, "posted"] += moved.debits - moved.credits
        sums[unit, month, "held"] += moved.held_debits - moved.held_credits
    assert not any(sums.values())


def test_a_posting_spends_and_returns_the_rest() -> None:
    held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
    assert movements([held], one_month)["wallet:a", "KRW", 202611] == Movement(held_debits=100)
    both = movements([held, post(held, Money(30, "KRW"), 2)], one_month)
    assert both["wallet:a", "KRW", 202611] == Movement(debits=30)
    assert both["revenue", "KRW", 202611] == Movement(credits=30)


@pytest.mark.parametrize(
    ("name", "edge"),
    [
        ("Asia/Seoul", "2026-10-31T15:00:00Z"),
        ("UTC", "2026-11-01T00:00:00Z"),
        ("America/New_York", "2026-11-01T04:00:00Z"),  # clocks go back two hours later
        ("America/New_York", "2026-12-01T05:00:00Z"),
        ("Pacific/Apia", "2011-12-01T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31T10:00:00Z"),  # the day before was skipped
        ("Asia/Kathmandu", "2026-10-31T18:15:00Z"),
    ],
)
def test_a_month_begins_at_midnight_of_its_zone_to_the_microsecond(name: str, edge: str) -> None:
    at_us = instant(edge, "edge")
    before, after = (month_number(at, zone(name)) for at in (at_us - 1, at_us))
    assert before < after
    for instants, months in (((at_us - 1, at_us), (before, after)), ((at_us, at_us - 1), (after, before))):
        calendar = Calendar(zone(name))
        assert tuple(calendar.month(at) for at in instants) == months
    rows = [posting(TransferId(str(n)), at_us - 1 + n, "a", "b", Money(7 + n, "KRW"), "") for n in range(2)]
    assert movements(rows, Calendar(zone(name)).month)["b", "KRW", before] == Movement(credits=7)
    assert movements(rows, Calendar(zone(name)).month)["b", "KRW", after] == Movement(credits=8)


@given(ZONES, st.lists(INSTANTS, max_size=30))
@settings(deadline=None, max_examples=200)
def test_the_month_that_is_remembered_is_the_month_it_is(name: str, instants: list[int]) -> None:
    calendar = Calendar(zone(name))
    for at_us in instants:
        assert calendar.month(at_us) == month_number(at_us, zone(name))


def test_a_calendar_is_right_for_the_writer_while_a_reader_looks_through_old_months() -> None:
    """One calendar serves every thread: who writes today's rows, and who sums the journal of years."""
    calendar, now_us = Calendar(zone("Asia/Seoul")), instant("2026-11-24", "now")
    old = [instant(f"20{year}-{month:02}-15", "old") for year in range(20, 26) for month in range(1, 13)]

    def look_back() -> None:
        for _ in range(600):
            for at_us in old:
                calendar.month(at_us)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as threads:
            looking = threads.submit(look_back)
            while not looking.done():
                assert calendar.month(now_us) == 202611
            looking.result()
    finally:
        sys.setswitchinterval(interval)
