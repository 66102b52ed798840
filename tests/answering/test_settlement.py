"""Settling, for any usage, any prices, any pots and any end: within the holds, the rest on the house, in balance."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answering.desks import Scripted
from tests.answering.settling import (
    CALLER,
    CUSTOMER,
    OUTCOMES,
    budget_pots,
    due,
    ended,
    held_money,
    is_counted,
    measurements,
    money_pots,
    nothing_is_due,
    openings,
    paying,
    pot,
    settled,
    sums_of,
)
from tests.pricing.cards import cards

from solvent.answering.holds import holds_of
from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, Receipt
from solvent.answering.route import Prices, Route
from solvent.answering.settlement import Ending, Opened, Tried, settle
from solvent.billing.admission import Draw
from solvent.billing.bill import Bill, bill_for
from solvent.billing.funds import Funds
from solvent.ledger.account import (
    ENERGY,
    ENGINE_ACCRUED,
    ENGINE_BUSY,
    HOUSE_LOSS,
    REVENUE_OVERAGE,
    unbilled,
)
from solvent.ledger.balance import movements
from solvent.ledger.pot import Pot
from solvent.ledger.unit import ANSWERS, TOKENS
from solvent.margin.facet import read
from solvent.metering.meter import Measurement
from solvent.pricing.exchange import Exchange
from solvent.pricing.quote import quote
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate, unpriced
from solvent.values.ids import AnswerId
from solvent.values.money import Money
from solvent.values.usage import BUCKETS, Usage, all_input_tokens, all_output_tokens


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_the_charge_is_what_is_due_but_never_more_than_the_holds(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    """What the plan includes is no charge, and an allowance that counts covers an answer whole."""
    receipt = settled(opened, measured, outcome).receipt
    owed = due(opened, measured, outcome).grains
    paid = receipt.charge_grains + receipt.included_grains
    if is_counted(opened):
        assert (receipt.charge_grains, receipt.included_grains, receipt.overrun_grains) == (0, owed, 0)
    else:
        assert paid == min(owed, held_money(opened))
        assert receipt.overrun_grains == owed - paid
    assert min(receipt.charge_grains, receipt.included_grains, receipt.overrun_grains, receipt.granted_grains) >= 0
    assert receipt.granted_grains <= receipt.charge_grains
    assert ("overrun" in receipt.alarms.split()) == (receipt.overrun_grains > 0)
    assert receipt.currency == opened.prices.price.currency


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_each_hold_ends_once_for_at_most_what_it_held_and_in_its_order(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    bill = settled(opened, measured, outcome).bill
    owed = due(opened, measured, outcome).grains
    assert len(bill.spent) == len(opened.draws)
    assert all(0 <= spent <= drawn.grains for spent, drawn in zip(bill.spent, opened.draws, strict=True))
    if nothing_is_due(opened, measured, outcome):
        assert set(bill.spent) == {0}
        assert bill.source == ""
        return
    parts = list(zip(bill.spent, opened.draws, strict=True))[: len(paying(opened))]
    if not is_counted(opened):
        assert sum(spent for spent, _ in parts) == owed - bill.overrun.grains
        for (spent, drawn), (later, _) in pairwise(parts):
            assert spent == drawn.grains or later == 0, "a later pot pays only when the one before it is used up"
    used = {ANSWERS: 1, TOKENS: all_input_tokens(measured.least) + all_output_tokens(measured.least)}
    for spent, drawn in zip(bill.spent, opened.draws, strict=True):
        if drawn.pot.unit in used:
            assert spent == min(drawn.grains, used[drawn.pot.unit])
        elif drawn not in paying(opened):
            assert spent == min(drawn.grains, owed)


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_the_bill_tells_gifts_what_is_on_account_and_what_is_included_apart(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    bill = settled(opened, measured, outcome).bill
    by_kind: Counter[str] = Counter()
    for spent, drawn in zip(bill.spent, opened.draws, strict=True):
        by_kind[drawn.pot.kind] += spent
    assert bill.granted.grains == by_kind["grant"]
    assert bill.on_account.grains == by_kind["overage"]
    assert bill.charge.grains == by_kind["grant"] + by_kind["wallet"] + by_kind["overage"]
    if not is_counted(opened):
        assert bill.included.grains == by_kind["allowance"]
    kinds = [kind for kind in ("allowance", "grant", "wallet", "overage") if by_kind[kind]]
    assert bill.source.split() == kinds


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_the_receipt_can_be_rebuilt_from_what_it_says(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    receipt = settled(opened, measured, outcome).receipt
    assert receipt.usage == measured.least
    if not nothing_is_due(opened, measured, outcome):
        whole = receipt.charge_grains + receipt.included_grains + receipt.overrun_grains
        assert Money(whole, receipt.currency) == rate(receipt.usage, opened.prices.price)
    assert (receipt.price_card, receipt.cost_card) == (opened.prices.price.version, opened.prices.cost.version)
    assert receipt.usage_estimated == int(measured.estimated)
    assert receipt.cost_input_tokens == all_input_tokens(measured.most)
    assert receipt.total_us == 4_000


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_cost_is_booked_even_when_nothing_is_charged(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    receipt = settled(opened, measured, outcome).receipt
    used = measured.most
    if outcome == "failed" and not (all_input_tokens(used) or all_output_tokens(used) or used.engine_us):
        assert (receipt.cost_grains, receipt.provider_cost_grains) == (0, 0)
        return
    if outcome == "abandoned" and used == Usage():
        return  # whether anybody was asked is told in test_answer.py
    assert receipt.cost == rate(used, opened.prices.cost, opened.prices.cost_exchange)
    in_its_own = Money(receipt.provider_cost_grains, receipt.provider_currency)
    assert in_its_own == rate(used, opened.prices.cost)


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_the_transfers_balance_and_say_what_the_receipt_says(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    done, holds = settled(opened, measured, outcome), holds_of(opened.question, opened.draws)
    receipt, currency = done.receipt, opened.prices.price.currency
    by_month = movements([*holds, *done.transfers], lambda _at_us: 202611)
    sums = {(account, unit): moved for (account, unit, _), moved in by_month.items()}
    for unit in {unit for _, unit in sums}:
        of_it = [moved for (_, of), moved in sums.items() if of == unit]
        assert sum(moved.debits - moved.credits for moved in of_it) == 0
    assert all(moved.held_debits == moved.held_credits == 0 for moved in sums.values())
    for spent, drawn in zip(done.bill.spent, opened.draws, strict=True):
        assert sums[drawn.pot.account, drawn.pot.unit].debits == spent
    moneys = {account: moved for (account, unit), moved in sums.items() if unit == currency}
    revenue = sum(moved.credits for account, moved in moneys.items() if account.startswith("revenue:"))
    assert revenue == receipt.charge_grains + receipt.overrun_grains
    for account, grains in (
        (REVENUE_OVERAGE, -done.bill.on_account.grains), (unbilled(CUSTOMER.id), done.bill.on_account.grains),
        (HOUSE_LOSS, receipt.overrun_grains),
    ):  # fmt: skip
        moved = moneys.get(account)
        assert (moved.debits - moved.credits if moved else 0) == grains
    costs = [moved.debits for account, moved in moneys.items() if account.startswith("cost:")]
    assert sum(costs) == receipt.cost_grains
    assert sorted(row.resolves or "" for row in done.transfers if row.resolves) == sorted(row.id for row in holds)
    assert len({row.id for row in done.transfers}) == len(done.transfers)
    assert {row.reference for row in done.transfers} == {"ans_1"}


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_our_own_engines_cost_is_split_into_its_time_and_its_energy(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    done = settled(opened, measured, outcome)
    booked = {row.debit: row.grains for row in done.transfers if row.debit.startswith("cost:")}
    if opened.route.engine is None:
        assert not booked.keys() & {ENERGY, ENGINE_BUSY}
        return
    assert booked.keys() <= {ENERGY, ENGINE_BUSY}
    assert sum(booked.values()) == done.receipt.cost_grains
    assert all(row.credit == ENGINE_ACCRUED for row in done.transfers if row.debit in booked)
    if done.receipt.cost_grains:
        still = msgspec.structs.replace(measured.most, energy_uj=0)
        assert booked.get(ENGINE_BUSY, 0) == rate(still, opened.prices.cost, opened.prices.cost_exchange).grains


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=100)
def test_the_margin_line_is_the_receipts(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    done = settled(opened, measured, outcome)
    receipt, sums = done.receipt, sums_of(done.receipt)
    assert (receipt.customer, receipt.plan, receipt.model) == ("cus_1", "plus", "house")
    assert sums.answers + sums.failed == 1
    assert sums.charge_grains - sums.granted_grains - sums.cost_grains == done.receipt.margin.grains


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_a_person_is_told_of_what_has_no_price_and_of_nonsense(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    alarms = settled(opened, measured, outcome).receipt.alarms.split()
    prices = opened.prices
    for book, card, used in (("price", prices.price, measured.least), ("cost", prices.cost, measured.most)):
        assert [a for a in alarms if a.startswith(f"unpriced:{book}:")] == [
            f"unpriced:{book}:{bucket}" for bucket in unpriced(used, card)
        ]
    assert ("bad_usage" in alarms) == bool(measured.refused_report)


@given(openings(), st.data(), st.integers(0, 10**5), st.integers(0, 10**5))
@settings(deadline=None, max_examples=100)
def test_within_the_bounds_that_were_quoted_nothing_is_ever_overrun(
    opened: Opened, data: st.DataObject, read: int, written: int
) -> None:
    """Also when the quote is set aside in several pots."""
    currency = opened.prices.price.currency
    price = data.draw(cards(by_the_hour=False, currency=st.just(currency)))
    bound = quote(read, written, price)
    first = data.draw(st.integers(0, bound))
    pots = money_pots(currency)
    set_aside = (Draw(pots[1], first), Draw(pots[4], bound - first))
    thought = data.draw(st.integers(0, written))
    used = Usage(read, output_tokens=written - thought, reasoning_tokens=thought, engine_us=7, energy_uj=9)
    prices = Prices(opened.prices.cost, price, opened.prices.cost_exchange)
    again = msgspec.structs.replace(opened, prices=prices, draws=set_aside)
    measured = Measurement(used, used, estimated=False)
    receipt = settled(again, measured, "answered").receipt
    assert receipt.overrun_grains == 0
    paid = Money(receipt.charge_grains + receipt.included_grains, currency)
    assert paid == rate(used, price) or nothing_is_due(again, measured, "answered")


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=50)
def test_settling_twice_gives_the_same(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    assert settled(opened, measured, outcome) == settled(opened, measured, outcome)


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=50)
def test_without_written_holds_the_same_is_posted_and_nothing_is_voided(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    done = settled(opened, measured, outcome)
    at_once = settle(opened, measured, ended(outcome), was_held=False)
    stands = [
        msgspec.structs.replace(row, resolves=None, held_grains=0) for row in done.transfers if row.state != "voided"
    ]
    assert (at_once.receipt, at_once.bill, [*at_once.transfers]) == (done.receipt, done.bill, stands)


POTS = money_pots("KRW")
COUNTS = {unit: pot("allowance:cus_1:a", unit, "allowance") for unit in (ANSWERS, TOKENS)}
LIMIT = budget_pots("KRW")[0]
USED = Usage(input_tokens=30, output_tokens=12)


def won(grains: int) -> Money:
    return Money(grains, "KRW")


@pytest.mark.parametrize(
    ("set_aside", "grains", "bill"),
    [
        ([(POTS[4], 100)], 70, ((70,), 70, 0, 0, 0, 0, "wallet")),
        ([(POTS[4], 100)], 130, ((100,), 100, 0, 0, 0, 30, "wallet")),
        ([(POTS[0], 50), (POTS[4], 50)], 70, ((50, 20), 20, 0, 0, 50, 0, "allowance wallet")),
        ([(POTS[0], 50), (POTS[4], 50)], 40, ((40, 0), 0, 0, 0, 40, 0, "allowance")),
        ([(POTS[2], 30), (POTS[3], 30), (POTS[4], 40)], 80, ((30, 30, 20), 80, 60, 0, 0, 0, "grant wallet")),
        ([(POTS[4], 30), (POTS[5], 70)], 90, ((30, 60), 90, 0, 60, 0, 0, "wallet overage")),
        ([(POTS[0], 1), (POTS[2], 2), (POTS[4], 3), (POTS[5], 4)], 99,
         ((1, 2, 3, 4), 9, 2, 4, 1, 89, "allowance grant wallet overage")),
        ([(COUNTS[ANSWERS], 1)], 70, ((1,), 0, 0, 0, 70, 0, "allowance")),
        ([(COUNTS[TOKENS], 600)], 70, ((42,), 0, 0, 0, 70, 0, "allowance")),
        ([(COUNTS[TOKENS], 40)], 70, ((40,), 0, 0, 0, 70, 0, "allowance")),
        ([(POTS[4], 100), (LIMIT, 100)], 70, ((70, 70), 70, 0, 0, 0, 0, "wallet")),
        ([(POTS[4], 100), (LIMIT, 100)], 130, ((100, 100), 100, 0, 0, 0, 30, "wallet")),
        ([(COUNTS[ANSWERS], 1), (LIMIT, 100)], 70, ((1, 70), 0, 0, 0, 70, 0, "allowance")),
        ([(POTS[4], 0)], 0, ((0,), 0, 0, 0, 0, 0, "")),
    ],
)  # fmt: skip
def test_worked_examples(set_aside: list[tuple[Pot, int]], grains: int, bill: tuple[object, ...]) -> None:
    found = bill_for(tuple(Draw(*drawn) for drawn in set_aside), won(grains), USED)
    spent, charge, granted, on_credit, covered, overrun, source = bill
    assert found == Bill(
        spent, won(charge), won(granted), won(on_credit), won(covered), won(overrun), source  # type: ignore[arg-type]
    )  # fmt: skip
    nothing = bill_for(tuple(Draw(*drawn) for drawn in set_aside), won(0), None)
    assert (set(nothing.spent), nothing.charge, nothing.included, nothing.source) == ({0}, won(0), won(0), "")


def test_a_receipt_says_each_thing_under_its_own_name() -> None:
    """It is made in the order of its columns, so none may have slipped into another's."""
    used = Usage(*range(1, 20))
    price = RateCard("price", "USD", 0, "", input_picos=10**6, output_picos=10**6)
    cost = RateCard("cost", "KRW", 0, "", input_picos=10**9, output_picos=10**9)
    exchange = Exchange("KRW", "USD", 3, 4_000, 0, "")
    set_aside = (Draw(money_pots("USD")[2], 10), Draw(money_pots("USD")[4], 20))
    question = Question(AnswerId("ans_1"), 1_000, "house", {}, True, 500, 100, user="kim", service="chat/quick")
    route = Route("house", "theirs", Scripted([]), 100, [cost], [price], reason="break_even")
    prices = Prices(cost, price, exchange)
    opened = Opened(question, CALLER, CUSTOMER, route, prices, Funds(), set_aside, 77, on_free_plan=True)
    again = Measurement(Usage(), Usage(input_tokens=10**6), estimated=True)
    tried = (Tried(route, prices, "upstream_busy", again),)
    ending = Ending("broken", 5_000, "stop", "upstream_failed", 1_500, True, '{"a":1}', tried, "steps")
    measured = Measurement(used, used + Usage(input_tokens=1_000), estimated=True, refused_report="nonsense")
    done = settle(opened, measured, ending)
    receipt, bill = done.receipt, done.bill
    assert receipt.usage == used
    lost, own = tried[0].cost.grains, rate(measured.most, cost, exchange).grains
    assert min(lost, own, bill.granted.grains, bill.overrun.grains) > 0
    assert {name: getattr(receipt, name) for name in Receipt.__struct_fields__ if name not in BUCKETS} == {
        "id": "ans_1", "at_us": 5_000, "customer": "cus_1", "plan": "plus", "key": "key_1", "end_user": "kim",
        "model": "house", "provider": route.provider.name, "upstream": "theirs", "reason": "break_even",
        "outcome": "broken", "finish": "stop", "fault": "upstream_failed", "streamed": 1, "output_tokens_max": 77,
        "usage_estimated": 1, "energy_estimated": 1, "cost_input_tokens": all_input_tokens(measured.most),
        "currency": "USD", "cost_grains": own + lost, "charge_grains": 30, "overrun_grains": bill.overrun.grains,
        "provider_currency": "KRW", "provider_cost_grains": rate(measured.most, cost).grains,
        "cost_card": cost.version, "price_card": price.version, "exchange": "3/4000", "first_token_us": 1_500,
        "total_us": 4_000, "alarms": receipt.alarms, "usage_report": '{"a":1}', "source": "grant wallet",
        "granted_grains": 10, "included_grains": 0, "tries": f"{route.provider.name}:upstream_busy",
        "lost_grains": lost, "guards": "", "service": "chat/quick", "cost_parts": receipt.cost_parts,
        "attribution": "steps", "on_free_plan": 1,
    }  # fmt: skip
    assert receipt.alarms.startswith("overrun bad_usage")
    assert sum(grains for _, grains in read(receipt.cost_parts)) == own + lost
