"""Billed usage is what the books hold and the residual, to the last grain, however it is summed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.ledger.account import api_payable, bill_suspense
from solvent.ledger.balance import all_months, movements
from solvent.pricing.exchange import Exchange, exchange
from solvent.reconciling.bill import BillLine, Booked, ReadBill, lines_of, rates_said
from solvent.reconciling.compared import Compared, compared, demand_over
from solvent.reconciling.kind import KINDS, LineKind
from solvent.reconciling.posted import residual_postings, reversal_postings
from solvent.reconciling.reading import Terms
from solvent.reconciling.residual import By, Limit, is_over, over, percent_text, residual_lines, share_ppm
from solvent.values.errors import Invalid

DAY = 20_758  # 2026-11-01
AMOUNTS = st.decimals(-(10**6), 10**6, places=12).map(Fraction)
NAMES = st.sampled_from(["gpt-4o-2024-08-06", "gpt-4o", "claude-haiku-4-5", "something else", ""])
SUMS = st.dictionaries(
    st.tuples(st.integers(DAY, DAY + 3), st.sampled_from(KINDS), NAMES),
    st.tuples(AMOUNTS, st.integers(1, 9)),
    max_size=20,
)
BOOKED = st.dictionaries(
    st.tuples(st.integers(DAY, DAY + 3), st.sampled_from(["gpt-4o", "claude-haiku-4-5-20251001", ""])),
    st.integers(-(10**12), 10**15), max_size=10,
)  # fmt: skip
RATE = exchange("USD", "KRW", "1385.57", "2026-10-30", "bank", "here")


def read_of(sums: dict[tuple[int, LineKind, str], tuple[Fraction, int]], currency: str = "USD") -> ReadBill:
    return ReadBill("mapped", currency, sums, 9, 0, DAY, DAY + 4, "d")


def against(read: ReadBill, booked: dict[tuple[int, str], int], rates: dict[int, Exchange]) -> Compared:
    costs = [Booked(day, model, "sold", grains, 1) for (day, model), grains in booked.items()]
    return compared("openai", read, Terms(), costs, "KRW", rates, "f.csv", 7)


@given(SUMS, BOOKED, st.sampled_from(["line", "day", "model"]))
def test_the_bill_is_ours_and_the_residual_to_the_last_grain(
    sums: dict[tuple[int, LineKind, str], tuple[Fraction, int]], booked: dict[tuple[int, str], int], by: By
) -> None:
    found = against(read_of(sums), booked, dict.fromkeys(range(DAY, DAY + 4), RATE))
    bill, lines = found.bill, residual_lines(found.lines, found.booked, by)
    assert bill.billed_grains == bill.booked_grains + bill.residual_grains
    assert bill.residual_grains == sum(line.grains for line in lines)
    assert bill.booked_grains == sum(booked.values()) == sum(line.booked_grains for line in lines)
    assert bill.billed_grains == sum(line.billed_grains for line in lines)
    assert bill.beside_grains + bill.billed_grains == sum(line.grains for line in found.lines)
    assert sum(line.rows for line in found.lines) == sum(rows for _, rows in sums.values()), "no row is dropped"
    named = {name for line in residual_lines(found.lines, found.booked) if not line.is_known for name in line.named}
    assert named == set(found.unknown)


@given(SUMS, BOOKED)
def test_each_sum_is_rounded_once_and_half_to_even(
    sums: dict[tuple[int, LineKind, str], tuple[Fraction, int]], booked: dict[tuple[int, str], int]
) -> None:
    found = against(read_of(sums), booked, dict.fromkeys(range(DAY, DAY + 4), RATE))
    for line in found.lines:
        exact = sums[line.day, line.kind, line.named][0] * Fraction(138_557, 100) * 10**7
        assert line.grains == round(exact)
        assert Fraction(line.amount) == sums[line.day, line.kind, line.named][0]


@given(SUMS, BOOKED)
def test_postings_balance_move_each_days_residual_and_are_reversed_to_nothing(
    sums: dict[tuple[int, LineKind, str], tuple[Fraction, int]], booked: dict[tuple[int, str], int]
) -> None:
    found = against(read_of(sums), booked, dict.fromkeys(range(DAY, DAY + 4), RATE))
    rows = residual_postings("bill_1", "openai", "KRW", residual_lines(found.lines, found.booked, "day"), 5)
    net = {account: m.debits - m.credits for (account, _), m in all_months(movements(rows, lambda _: 0)).items()}
    assert net.get(bill_suspense("openai"), 0) == found.bill.residual_grains == -net.get(api_payable("openai"), 0)
    assert all(row.grains > 0 and row.reference == "bill_1" for row in rows)
    both = [*rows, *reversal_postings("bill_2", rows, 6)]
    assert len({row.id for row in both}) == len(both)
    assert all(m.debits == m.credits for m in all_months(movements(both, lambda _: 0)).values())


def test_another_currency_needs_a_rate_of_each_day_and_it_is_on_record() -> None:
    read = read_of({(DAY, "usage", "m"): (Fraction(1), 1), (DAY + 1, "usage", "m"): (Fraction(2), 1)})
    with pytest.raises(Invalid, match=r"in USD and the books are in KRW, with no rate for 2026-11-02") as wrong:
        against(read, {}, {DAY: RATE})
    assert wrong.value.code == "bill_rate_needed"
    newer = exchange("USD", "KRW", "1400", "2026-11-02", "bank", "here")
    lines = lines_of(read, "KRW", lambda day: RATE if day == DAY else newer, {})
    assert [line.grains for line in lines] == [13_855_700_000, 28_000_000_000]
    said = "1 USD = 1385.57 KRW since 2026-10-30 (bank); 1 USD = 1400 KRW since 2026-11-02 (bank)"
    assert rates_said(lines) == said
    assert [line.rate for line in lines_of(read_of(dict(read.sums), "KRW"), "KRW", lambda _: None, {})] == ["", ""]
    with pytest.raises(Invalid, match="does not fit the books"):
        lines_of(read_of({(DAY, "usage", "m"): (Fraction(10**12), 1)}), "USD", lambda _: None, {})


def test_a_bill_of_a_day_that_is_not_over_waits() -> None:
    demand_over(read_of({}), DAY + 4)
    with pytest.raises(Invalid, match="2026-11-04, and 2026-11-04 is not over"):
        demand_over(read_of({}), DAY + 3)


def test_more_than_the_limit_is_over_it_and_shares_are_of_the_bill() -> None:
    assert [is_over(1_000, booked, Limit(5)) for booked in (995, 1_005, 994, 1_006)] == [False, False, True, True]
    assert (is_over(0, 0, Limit(5)), is_over(0, 1, Limit(5)), is_over(-1_000, -994, Limit(5))) == (False, True, True)
    assert [share_ppm(*one) for one in ((5, 1_000), (-5, 1_000), (1, -4), (3, 0))] == [5_000, -5_000, 250_000, None]
    assert [percent_text(ppm) for ppm in (5_000, -12_345, 49, -49, 10**9)] == [
        "0.50 %", "-1.23 %", "0.00 %", "0.00 %", "100,000.00 %",
    ]  # fmt: skip


def test_a_day_or_a_model_is_over_the_limit_though_all_together_are_not_and_dust_is_not() -> None:
    def on(day: int, model: str, billed: int, booked: int) -> tuple[BillLine, Booked]:
        return BillLine(day, "usage", model, model, "0", "", billed, 1), Booked(day, model, model, booked, 1)

    def told(*pairs: tuple[BillLine, Booked], least: int = 0) -> tuple[list[tuple[int, str]], bool]:
        lines, booked = zip(*pairs, strict=True)
        beyond, rings = over(lines, booked, Limit(5, least))
        return [(one.day, one.model) for one in beyond], rings

    swapped = (on(1, "a", 1_000, 900), on(1, "b", 900, 1_000))  # by model, and by no day
    assert told(*swapped) == ([(-1, "a"), (-1, "b")], True)
    moved = (on(1, "a", 1_000, 990), on(2, "a", 990, 1_000))  # by day: the clock, or an outage
    assert told(*moved) == ([(1, ""), (2, "")], True)
    dust = (on(1, "a", 10**6, 10**6), on(1, "b", 3, 1))
    assert told(*dust) == ([(-1, "b")], True)
    assert told(*dust, least=3) == ([], False)
    assert told(on(1, "a", 1_000, 990), least=10)[1]
