"""Quotas drawn in columns pay for the same answers as `admit` and `bill_for` one by one."""

from __future__ import annotations

from typing import get_args

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.included import Included
from solvent.billing.plan import Beyond, Plan
from solvent.simulation.mixed import Rated
from solvent.simulation.pots import Drawn, Pots, given_by, starts_of
from solvent.simulation.trace import Whole
from solvent.simulation.walked import WalkedPots
from solvent.values.money import Money
from solvent.values.period import Period, zone

CLASSES = ("quick", "expert")
CUSTOMERS = 3
OF_CLASSES = st.sampled_from([(), ("quick",), ("expert",), CLASSES])
COUNTS = st.builds(Included, st.just("answers"), st.integers(1, 5), OF_CLASSES, st.integers(0, 3))
TOKENS = st.builds(Included, st.just("tokens"), st.integers(1, 300), OF_CLASSES, st.integers(0, 100))
MONEY = st.builds(Included, st.just("money"), st.integers(1, 500), st.just(()), st.integers(0, 300))
QUOTAS = st.lists(
    st.one_of(COUNTS, TOKENS, MONEY), max_size=4, unique_by=lambda one: (one.unit, frozenset(one.classes))
)
ROW = st.tuples(
    st.integers(0, CUSTOMERS - 1), st.integers(0, 1), st.one_of(st.just(0), st.integers(0, 200)), st.integers(1, 100)
)
ROWS = st.lists(ROW, min_size=1, max_size=25)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    beyond: Beyond = draw(st.sampled_from(get_args(Beyond)))
    most = Money(draw(st.integers(1, 400)), "USD") if beyond == "overage" else None
    return Plan(
        name="p", price=Money(0, "USD"), included=tuple(draw(QUOTAS)), beyond=beyond, overage_most=most
    )  # fmt: skip


def rated(rows: list[tuple[int, int, int, int]]) -> tuple[Rated, Whole]:
    """Rows as plans look at them, and where each was before."""
    table = np.array(rows, np.int64)
    order = np.argsort(table[:, 0], kind="stable")
    whose = table[order, 0]
    return Rated(order, whose, table[order, 1], table[order, 2], table[order, 3], starts_of(whose)), order


def told(drawn: Drawn) -> list[tuple[bool, int, int]]:
    return list(zip(drawn.paid.tolist(), drawn.included.tolist(), drawn.on_account.tolist(), strict=True))


@given(plans(), st.lists(ROWS, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_columns_draw_as_one_by_one(plan: Plan, periods: list[list[tuple[int, int, int, int]]]) -> None:
    found = given_by(plan, "Asia/Seoul", 0)
    columns, walked = Pots(found, CUSTOMERS, CLASSES), WalkedPots(plan, found, CLASSES, zone("Asia/Seoul"))
    assert columns.in_columns
    begun = np.zeros(CUSTOMERS, np.bool_)
    for number, rows in enumerate(periods):
        if number:
            columns.begin_period(begun)
            walked.begin_period(Period(number, 0, 1))
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            if part:
                block, _ = rated(part)
                begun[block.customer] = True
                assert told(columns.draw(block)) == told(walked.draw(block))


def test_a_small_answer_still_fits_where_a_large_one_did_not() -> None:
    plan = Plan(name="p", price=Money(0, "USD"), included=(Included("tokens", 100),), beyond="stop")
    pots = Pots(given_by(plan, "UTC", 0), 1, CLASSES)
    drawn = pots.draw(rated([(0, 0, 7, 80), (0, 0, 7, 30), (0, 0, 7, 20), (0, 0, 7, 1)])[0])
    assert drawn.paid.tolist() == [True, False, True, False]
    assert drawn.included.tolist() == [7, 0, 7, 0]
