"""Settling, for any usage, any prices and any end: charged within the hold, the rest on the house, all in balance."""

from __future__ import annotations

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answering.desks import Scripted
from tests.pricing.cards import cards, usages

from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, sums_of
from solvent.answering.route import Prices, Route
from solvent.answering.settlement import Ending, Opened, Settlement, settle
from solvent.identity.caller import Caller, Customer
from solvent.ledger.account import HOUSE_LOSS, REVENUE_ANSWERS, wallet
from solvent.ledger.balance import movements
from solvent.ledger.transfer import hold
from solvent.metering.meter import Measurement
from solvent.pricing.exchange import Exchange
from solvent.pricing.quote import quote
from solvent.pricing.rating import rate, unpriced
from solvent.values.ids import AnswerId, CustomerId, KeyId, TransferId
from solvent.values.money import Money
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

CUSTOMER = Customer(CustomerId("cus_1"), "A", "plus", 0)
CALLER = Caller(KeyId("key_1"), "customer", CUSTOMER)
OUTCOMES = st.sampled_from(get_args(Outcome))


@st.composite
def measurements(draw: st.DrawFn, tokens_most: int = 10**6) -> Measurement:
    least, extra = draw(usages(tokens_most)), draw(usages(tokens_most))
    refused = draw(st.sampled_from(["", "nonsense"]))
    if draw(st.booleans()):
        return Measurement(least, least, estimated=False, refused_report=refused)
    return Measurement(least, least + extra, estimated=True, refused_report=refused)


@st.composite
def openings(draw: st.DrawFn) -> Opened:
    currency = draw(st.sampled_from(["KRW", "USD"]))
    price, cost = draw(cards(currency=st.just(currency))), draw(cards())
    exchange = None
    if cost.currency != currency:
        exchange = Exchange(cost.currency, currency, draw(st.integers(1, 10**6)), draw(st.integers(1, 10**6)), 0, "")
    question = Question(AnswerId("ans_1"), 1_000, "house", {}, True, 500, 100)
    held = Money(draw(st.integers(0, 10**18)), currency)
    row = hold(TransferId("ans_1.hold"), 1_000, wallet(CUSTOMER.id), REVENUE_ANSWERS, held, 9_000, question.id)
    route = Route("house", "upstream", Scripted([]), 100, [cost], [price])
    return Opened(question, CALLER, CUSTOMER, route, Prices(cost, price, exchange), row, 100)


def ended(outcome: Outcome) -> Ending:
    return Ending(outcome, 5_000, "stop", "upstream_failed" if outcome == "failed" else "", 1_500, False, "{}")


def nothing_is_due(measured: Measurement, outcome: Outcome) -> bool:
    return outcome == "failed" or not (all_input_tokens(measured.least) or all_output_tokens(measured.least))


def due(opened: Opened, measured: Measurement, outcome: Outcome) -> Money:
    if nothing_is_due(measured, outcome):
        return Money(0, opened.hold.currency)
    return rate(measured.least, opened.prices.price)


def settled(opened: Opened, measured: Measurement, outcome: Outcome) -> Settlement:
    return settle(opened, measured, ended(outcome), 20_781)


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=150)
def test_the_charge_is_what_is_due_but_never_more_than_the_hold(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    receipt = settled(opened, measured, outcome).receipt
    owed = due(opened, measured, outcome)
    assert 0 <= receipt.charge_grains <= opened.hold.grains
    assert receipt.charge_grains == min(owed.grains, opened.hold.grains)
    assert receipt.overrun_grains == owed.grains - receipt.charge_grains
    assert ("overrun" in receipt.alarms.split()) == (receipt.overrun_grains > 0)
    assert receipt.currency == opened.hold.currency


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_the_receipt_can_be_rebuilt_from_what_it_says(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    receipt = settled(opened, measured, outcome).receipt
    assert receipt.usage == measured.least
    if not receipt.overrun_grains and not nothing_is_due(measured, outcome):
        assert receipt.charge == rate(receipt.usage, opened.prices.price)
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
    done = settled(opened, measured, outcome)
    receipt = done.receipt
    sums = movements([opened.hold, *done.transfers])
    assert sum(moved.debits - moved.credits for moved in sums.values()) == 0
    assert all(moved.held_debits == moved.held_credits == 0 for moved in sums.values())
    currency = opened.hold.currency
    assert sums[wallet(CUSTOMER.id), currency].debits == receipt.charge_grains
    assert sums[REVENUE_ANSWERS, currency].credits == receipt.charge_grains + receipt.overrun_grains
    loss = sums.get((HOUSE_LOSS, currency))
    assert (loss.debits if loss else 0) == receipt.overrun_grains
    costs = [moved.debits for (account, _), moved in sums.items() if account.startswith("cost:")]
    assert sum(costs) == receipt.cost_grains
    assert sum(1 for row in done.transfers if row.resolves == opened.hold.id) == 1
    assert len({row.id for row in done.transfers}) == len(done.transfers)
    assert {row.reference for row in done.transfers} == {"ans_1"}


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=100)
def test_the_margin_line_is_the_receipts(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    done = settled(opened, measured, outcome)
    key, sums = done.margin
    assert (key.day, key.customer, key.plan, key.model) == (20_781, "cus_1", "plus", "house")
    assert sums == sums_of(done.receipt)
    assert sums.answers + sums.failed == 1
    assert sums.charge_grains - sums.cost_grains == done.receipt.margin.grains


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
    price = data.draw(cards(by_the_hour=False, currency=st.just(opened.hold.currency)))
    bound, old = quote(read, written, price), opened.hold
    row = hold(old.id, 1_000, old.debit, old.credit, bound, 9_000, "ans_1")
    thought = data.draw(st.integers(0, written))
    used = Usage(read, output_tokens=written - thought, reasoning_tokens=thought, engine_us=7, energy_uj=9)
    prices = Prices(opened.prices.cost, price, opened.prices.cost_exchange)
    again = Opened(opened.question, CALLER, CUSTOMER, opened.route, prices, row, written)
    receipt = settled(again, Measurement(used, used, estimated=False), "answered").receipt
    assert receipt.overrun_grains == 0
    assert receipt.charge == rate(used, price) or nothing_is_due(Measurement(used, used, estimated=False), "answered")


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=50)
def test_settling_twice_gives_the_same(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    assert settled(opened, measured, outcome) == settled(opened, measured, outcome)
