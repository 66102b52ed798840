"""Questions that were let in, and what was measured, of every kind: what settling is tried on."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st
from tests.answering.desks import Scripted
from tests.pricing.cards import ONLY, cards, usages

from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, Receipt, add_to
from solvent.answering.route import Prices, Route
from solvent.answering.settlement import Ending, Opened, Settlement, settle
from solvent.billing.admission import Draw
from solvent.billing.funds import Funds
from solvent.engines.port import Engine
from solvent.identity.caller import Caller, Customer
from solvent.ledger.account import (
    allowance,
    grant_account,
    overage,
    wallet,
)
from solvent.ledger.pot import Kind, Pot
from solvent.ledger.unit import ANSWERS, TOKENS, included, on_account, spending
from solvent.margin.line import MarginSums
from solvent.metering.meter import Measurement
from solvent.pricing.exchange import Exchange
from solvent.pricing.rating import rate
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money
from solvent.values.usage import is_none

CUSTOMER = Customer(CustomerId("cus_1"), "A", "plus", 0)
CALLER = Caller(KeyId("key_1"), "customer", CUSTOMER)
OUTCOMES = st.sampled_from(get_args(Outcome))
GRAINS = st.integers(0, 10**6) | st.integers(0, 10**18)


def pot(account: str, unit: str, kind: Kind) -> Pot:
    return Pot(account, unit, CUSTOMER.id, kind, "", 0, NEVER_US)


def money_pots(currency: str) -> list[Pot]:
    """Everything that can pay together, in its order."""
    id = CUSTOMER.id
    return [
        pot(allowance(id, "a"), included(currency), "allowance"),
        pot(allowance(id, "b"), included(currency), "allowance"),
        pot(grant_account(id, "a"), currency, "grant"),
        pot(grant_account(id, "b"), currency, "grant"),
        pot(wallet(id), currency, "wallet"),
        pot(overage(id, "a"), on_account(currency), "overage"),
    ]


def budget_pots(currency: str) -> list[Pot]:
    return [
        pot("budget:key:key_1:1", spending(currency), "budget"),
        pot("budget:customer:cus_1:1", ANSWERS, "budget"),
        pot("budget:user:cus_1:kim:1", TOKENS, "watch"),
    ]


@st.composite
def draws(draw: st.DrawFn, currency: str) -> tuple[Draw, ...]:
    """What an admission may set aside: one pot that counts, or pots of money; and any budgets."""
    limiting = [Draw(pot, draw(GRAINS)) for pot in budget_pots(currency) if draw(st.booleans())]
    counted = draw(st.sampled_from(["", "", ANSWERS, TOKENS]))
    if counted:
        grains = 1 if counted == ANSWERS else draw(st.integers(0, 10**7))
        return (Draw(pot(allowance(CUSTOMER.id, "a"), counted, "allowance"), grains), *limiting)
    paying = [Draw(pot, draw(GRAINS)) for pot in money_pots(currency) if draw(st.booleans())]
    return (*(paying or [Draw(money_pots(currency)[4], draw(GRAINS))]), *limiting)


@st.composite
def measurements(draw: st.DrawFn, tokens_most: int = 10**6) -> Measurement:
    least, extra = draw(usages(tokens_most)), draw(usages(tokens_most))
    refused = draw(st.sampled_from(["", "nonsense"]))
    if draw(st.booleans()):
        return Measurement(least, least, estimated=False, refused_report=refused)
    return Measurement(least, least + extra, estimated=True, refused_report=refused)


class SomeEngine:
    """An engine of ours; nobody sits down in these tests."""


@st.composite
def openings(draw: st.DrawFn) -> Opened:
    currency = draw(st.sampled_from(["KRW", "USD"]))
    price, cost = draw(cards(currency=ONLY[currency])), draw(cards())
    exchange = None
    if cost.currency != currency:
        exchange = Exchange(cost.currency, currency, draw(st.integers(1, 10**6)), draw(st.integers(1, 10**6)), 0, "")
    question = Question(AnswerId("ans_1"), 1_000, "house", {}, True, 500, 100)
    set_aside = draw(draws(currency))
    engine: Engine | None = SomeEngine() if draw(st.booleans()) else None  # type: ignore[assignment]
    route = Route("house", "upstream", Scripted([]), 100, [cost], [price], engine)
    prices = Prices(cost, price, exchange)
    return Opened(question, CALLER, CUSTOMER, route, prices, Funds(), set_aside, 100)


def ended(outcome: Outcome) -> Ending:
    return Ending(outcome, 5_000, "stop", "upstream_failed" if outcome == "failed" else "", 1_500, False, "{}")


def nothing_is_due(opened: Opened, measured: Measurement, outcome: Outcome) -> bool:
    is_sold_by_the_answer = outcome == "answered" and bool(opened.prices.price.answer_picos)
    return outcome == "failed" or (is_none(measured.least) and not is_sold_by_the_answer)


def due(opened: Opened, measured: Measurement, outcome: Outcome) -> Money:
    price = opened.prices.price
    return Money(0, price.currency) if nothing_is_due(opened, measured, outcome) else rate(measured.least, price)


def settled(opened: Opened, measured: Measurement, outcome: Outcome) -> Settlement:
    return settle(opened, measured, ended(outcome))


def paying(opened: Opened) -> list[Draw]:
    return [drawn for drawn in opened.draws if drawn.pot.kind not in ("budget", "watch")]


def is_counted(opened: Opened) -> bool:
    return paying(opened)[0].pot.unit in (ANSWERS, TOKENS)


def held_money(opened: Opened) -> int:
    """What pots of money have set aside together."""
    return 0 if is_counted(opened) else sum(drawn.grains for drawn in paying(opened))


def sums_of(receipt: Receipt) -> MarginSums:
    """What one receipt comes to."""
    sums = MarginSums()
    add_to(sums, [receipt])
    return sums
