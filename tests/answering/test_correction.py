"""A corrected answer comes to what it would have come to; what is too much goes back the way it came."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.answering.settling import CUSTOMER, openings, pot, settled
from tests.pricing.cards import cards, usages

from solvent.answering.correction import Correction, Means, Net, correct_charge, correct_cost, net_of
from solvent.answering.receipt import Outcome, Receipt
from solvent.answering.settlement import Opened, Settlement
from solvent.billing.admission import Draw
from solvent.ledger.account import (
    CUSTOMER_GRANTS,
    HOUSE_LOSS,
    MEMO_USED,
    REVENUE_ANSWERS,
    REVENUE_OVERAGE,
    allowance,
    grant_account,
    overage,
    unbilled,
    wallet,
)
from solvent.ledger.transfer import Transfer
from solvent.ledger.unit import ANSWERS, included, on_account
from solvent.metering.meter import Measurement
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rerate import difference
from solvent.values.errors import Invalid
from solvent.values.money import Money, picos_per_grain
from solvent.values.usage import Usage

OUTCOMES: Any = st.sampled_from(["answered", "abandoned", "broken", "failed", "overdue"])
ALL = Means(2**62, 2**62, frozenset())
NEWER = 20_000


@st.composite
def measurements(draw: st.DrawFn, opened: Opened) -> Measurement:
    """What the meter says: known, or with more read than is charged for. Engine time is that of our own engine."""
    least = draw(usages(10**5, engine=False))
    if opened.route.engine is not None:
        least = replace(least, engine_us=draw(st.integers(1, 10**9)), energy_uj=draw(st.integers(0, 10**9)))
    if draw(st.booleans()):
        return Measurement(least, least, estimated=False)
    more = draw(st.integers(0, 10**5))
    return Measurement(least, replace(least, input_tokens=least.input_tokens + more), estimated=True)


def answers() -> st.SearchStrategy[tuple[Opened, Measurement]]:
    """Answers under way, and what they used."""
    return openings().flatmap(lambda opened: st.tuples(st.just(opened), measurements(opened)))


def newer(card: RateCard, like: RateCard) -> RateCard:
    """Other prices, as a correction of a card."""
    tiers = tuple(newer(tier, like) for tier in card.tiers)
    return replace(card, name=like.name, currency=like.currency, revision=like.revision + 1, tiers=tiers)


def at_cost(opened: Opened, card: RateCard) -> Opened:
    return replace(opened, prices=replace(opened.prices, cost=card))


def at_price(opened: Opened, card: RateCard) -> Opened:
    return replace(opened, prices=replace(opened.prices, price=card))


def only(net: Net, *starts: str) -> dict[tuple[str, str], int]:
    return {key: grains for key, grains in net.items() if grains and key[0].startswith(starts)}


@given(answers(), OUTCOMES, cards(), cards())
@settings(deadline=None, max_examples=60)
def test_a_corrected_cost_is_what_it_would_have_been(
    answer: tuple[Opened, Measurement], outcome: Outcome, first: RateCard, second: RateCard
) -> None:
    """Twice: a correction of a correction is one more difference."""
    opened, measured = answer
    done = settled(opened, measured, outcome)
    rows = list(done.transfers)
    costs = done.receipt.cost_grains
    for n, drawn in enumerate((first, second)):
        card = replace(newer(drawn, opened.prices.cost), revision=2 + n)
        made = correct_cost(done.receipt, net_of(rows), card, NEWER + n)
        expected = settled(at_cost(opened, card), measured, outcome)
        if made is not None:
            correction, more = made
            rows += more
            costs += correction.cost_grains
            assert {row.at_us for row in more} == {NEWER + n}
            assert (correction.answer, correction.card) == (done.receipt.id, card.version)
        assert only(net_of(rows), "cost:") == only(net_of(expected.transfers), "cost:")
        assert only(net_of(rows), "payable:", "accrued:") == only(net_of(expected.transfers), "payable:", "accrued:")
        assert costs == expected.receipt.cost_grains
        assert correct_cost(done.receipt, net_of(rows), card, NEWER) is None, "once is enough"
    assert len({row.id for row in rows}) == len(rows)


@given(answers(), OUTCOMES, cards(by_the_hour=False), cards(by_the_hour=False))
@settings(deadline=None, max_examples=80)
def test_a_lower_charge_leaves_each_pot_as_if_it_had_been_so_from_the_start(
    answer: tuple[Opened, Measurement], outcome: Outcome, old: RateCard, new: RateCard
) -> None:
    opened, measured = answer
    opened = at_price(opened, newer(old, opened.prices.price))
    card = replace(newer(new, opened.prices.price), revision=3)
    done, expected = settled(opened, measured, outcome), settled(at_price(opened, card), measured, outcome)
    assume(value(expected.receipt) < value(done.receipt))
    pots = frozenset(drawn.pot.account for drawn in opened.draws)
    made = correct_charge(done.receipt, net_of(done.transfers), (), card, NEWER, replace(ALL, pots=pots))
    assert made is not None
    correction, more = made
    after, wanted = net_of([*done.transfers, *more]), net_of(expected.transfers)
    for starts in ("wallet:", "grant:", "receivable:unbilled:", HOUSE_LOSS):
        assert only(after, starts) == only(wanted, starts)
    currency = done.receipt.currency
    assert {key: grains for key, grains in only(after, "allowance:").items() if key[1] == included(currency)} == {
        key: grains for key, grains in only(wanted, "allowance:").items() if key[1] == included(currency)
    }
    assert amounts(done.receipt, correction) == amounts(expected.receipt)
    assert only(after, "cost:") == only(net_of(done.transfers), "cost:"), "what we pay is another book"
    assert correct_charge(done.receipt, after, [correction], card, NEWER, ALL) is None


@given(openings(), st.integers(0, 10**15), st.integers(0, 10**15))
@settings(deadline=None, max_examples=40)
def test_what_is_sold_by_the_answer_is_corrected_whatever_it_is_said_to_have_used(
    opened: Opened, first: int, second: int
) -> None:
    like, nothing = opened.prices.price, Measurement(Usage(), Usage(), estimated=False)
    old, new = (replace(newer(like, like), answer_picos=picos, tiers=(), revision=2 + n)
                for n, picos in enumerate((first, second)))  # fmt: skip
    done, expected = (settled(at_price(opened, card), nothing, "answered") for card in (old, new))
    made = correct_charge(done.receipt, net_of(done.transfers), (), new, NEWER, ALL)
    difference_made = value(made[0]) if made is not None else 0
    assert value(done.receipt) + difference_made == value(expected.receipt)


@given(answers(), OUTCOMES, cards(by_the_hour=False), st.integers(0, 10**12))
@settings(deadline=None, max_examples=80)
def test_a_higher_charge_takes_at_most_what_is_free_and_the_house_bears_the_rest(
    answer: tuple[Opened, Measurement], outcome: Outcome, new: RateCard, free: int
) -> None:
    opened, measured = answer
    card = newer(new, opened.prices.price)
    done, expected = settled(opened, measured, outcome), settled(at_price(opened, card), measured, outcome)
    more = value(expected.receipt) - value(done.receipt)
    assume(more > 0)
    made = correct_charge(done.receipt, net_of(done.transfers), (), card, NEWER, Means(free, 0, frozenset()))
    assert made is not None
    correction, rows = made
    assert value(correction) == more
    moved = net_of(rows)
    assert moved.get((wallet(CUSTOMER.id), done.receipt.currency), 0) == correction.charge_grains <= free
    assert moved.get((HOUSE_LOSS, done.receipt.currency), 0) == correction.overrun_grains
    if correction.included_grains:
        assert rows == [], "a quota that counts answers or tokens covers them whatever they are worth"
    else:
        assert correction.charge_grains == min(free, more)


def value(one: Receipt | Correction) -> int:
    """What an answer is worth at the price list, whoever bore it."""
    return one.charge_grains + one.included_grains + one.overrun_grains


def amounts(receipt: Receipt, *corrections: Correction) -> Counter[str]:
    names = ("charge_grains", "granted_grains", "included_grains", "overrun_grains")
    return Counter({name: sum(getattr(one, name) for one in (receipt, *corrections)) for name in names})


def priced(grains: int) -> RateCard:
    """Any answer costs so many grains of a won."""
    picos = grains * picos_per_grain("KRW")
    return RateCard("price", "KRW", 0, "", input_picos=0, output_picos=0, answer_picos=picos, revision=1 + grains)


POTS = {
    "allowance": pot(allowance(CUSTOMER.id, "a"), included("KRW"), "allowance"),
    "answers": pot(allowance(CUSTOMER.id, "n"), ANSWERS, "allowance"),
    "grant": pot(grant_account(CUSTOMER.id, "g"), "KRW", "grant"),
    "wallet": pot(wallet(CUSTOMER.id), "KRW", "wallet"),
    "overage": pot(overage(CUSTOMER.id, "o"), on_account("KRW"), "overage"),
}


def sold(opened: Opened, grains: int, **held: int) -> Settlement:
    """An answer at a price, drawn from these pots."""
    draws = tuple(Draw(POTS[name], amount) for name, amount in held.items())
    opened = replace(at_price(opened, priced(grains)), draws=draws)
    used = Usage(output_tokens=5)
    return settled(opened, Measurement(used, used, estimated=False), "answered")


@pytest.fixture(scope="module")
def opened() -> Opened:
    found: list[Opened] = []

    @given(openings())
    @settings(database=None, deadline=None, max_examples=20)
    def search(one: Opened) -> None:
        if one.prices.price.currency == "KRW":
            found.append(one)

    search()
    return found[0]


def moves(rows: list[Transfer]) -> list[tuple[str, str, int]]:
    return [(row.debit, row.credit, row.grains) for row in rows]


def given_back(opened: Opened, done: Settlement, grains: int, means: Means) -> tuple[Correction, list[Transfer]]:
    made = correct_charge(done.receipt, net_of(done.transfers), (), priced(grains), NEWER, means)
    assert made is not None
    return made


GOOD = Means(0, 100, frozenset(pot.account for pot in POTS.values()))
ME = CUSTOMER.id


def test_what_was_drawn_last_is_given_back_first(opened: Opened) -> None:
    done = sold(opened, 100, allowance=10, grant=20, wallet=30, overage=25)  # 15 beyond what was held
    correction, rows = given_back(opened, done, 5, GOOD)
    assert moves(rows) == [
        (REVENUE_ANSWERS, HOUSE_LOSS, 15),
        (REVENUE_OVERAGE, unbilled(ME), 25),
        (REVENUE_ANSWERS, wallet(ME), 30),
        (REVENUE_ANSWERS, grant_account(ME, "g"), 20),
        (MEMO_USED, allowance(ME, "a"), 5),
    ]
    assert rows[-1].currency == included("KRW")
    assert amounts(done.receipt, correction) == Counter(
        charge_grains=0, granted_grains=0, included_grains=5, overrun_grains=0)  # fmt: skip


def test_what_an_invoice_asked_for_already_goes_into_the_wallet(opened: Opened) -> None:
    done = sold(opened, 100, overage=100)
    _, rows = given_back(opened, done, 40, replace(GOOD, unbilled_grains=25))
    assert moves(rows) == [(REVENUE_OVERAGE, unbilled(ME), 25), (REVENUE_ANSWERS, wallet(ME), 35)]


def test_a_gift_that_expired_is_no_expense_any_more_and_a_quota_that_ended_is_gone(opened: Opened) -> None:
    done = sold(opened, 100, allowance=40, grant=60)
    correction, rows = given_back(opened, done, 10, replace(GOOD, pots=frozenset()))
    assert moves(rows) == [(REVENUE_ANSWERS, CUSTOMER_GRANTS, 60)]
    assert (correction.granted_grains, correction.included_grains) == (-60, -30)


def test_a_quota_of_answers_is_used_whatever_they_are_worth(opened: Opened) -> None:
    done = sold(opened, 100, answers=1)
    for grains, more in ((40, -60), (140, 40)):
        correction, rows = given_back(opened, done, grains, GOOD)
        assert (correction.included_grains, rows) == (more, [])


def test_what_goes_into_the_wallet_stands_among_its_other_movements(opened: Opened) -> None:
    """Answers are left out of that list, by their reference; a correction is not."""
    _, rows = given_back(opened, sold(opened, 100, wallet=70, grant=0), 10, GOOD)
    assert [(row.credit, row.reference[:10]) for row in rows] == [(HOUSE_LOSS, "ans_1"), (wallet(ME), "correction")]
    assert all(row.id.startswith("ans_1.correction.price.price@") for row in rows)


def test_an_answer_that_failed_was_not_charged_and_is_not(opened: Opened) -> None:
    used = Usage(output_tokens=5)
    for outcome, usage in (("failed", used), ("broken", Usage())):
        done = settled(opened, Measurement(usage, usage, estimated=False), outcome)  # type: ignore[arg-type]
        assert correct_charge(done.receipt, net_of(done.transfers), (), priced(7), NEWER, ALL) is None


def test_a_card_in_another_currency_is_no_correction(opened: Opened) -> None:
    done = sold(opened, 100, wallet=100)
    dollars = replace(priced(1), currency="USD")
    with pytest.raises(Invalid) as caught:
        correct_charge(done.receipt, net_of(done.transfers), (), dollars, NEWER, ALL)
    assert caught.value.code == "bad_correction"
    assert difference(Usage(), priced(3), Money(1, "KRW")).grains == 2


def test_a_correction_is_a_row() -> None:
    fields = Correction.__struct_fields__
    assert fields[-5:] == ("cost_grains", "charge_grains", "granted_grains", "included_grains", "overrun_grains")
    assert set(fields[-5:]) <= set(Receipt.__struct_fields__)


@given(openings(), st.integers(1, 10), st.integers(1, 10**9))
@settings(deadline=None, max_examples=20)
def test_what_is_paid_by_the_picture_is_corrected_too(opened: Opened, count: int, each: int) -> None:
    drawn = Usage(pictures=count)
    done = settled(opened, Measurement(drawn, drawn, estimated=False), "answered")
    price = RateCard("p", done.receipt.currency, 0, "", picture_picos=each * 10**9, revision=2)
    made = correct_charge(done.receipt, net_of(done.transfers), [], price, NEWER, ALL)
    due = difference(drawn, price, Money(0, done.receipt.currency)).grains
    booked = done.receipt.charge_grains + done.receipt.included_grains + done.receipt.overrun_grains
    assert (made is None) == (due == booked)
