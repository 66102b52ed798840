"""Payment orders: what agrees, what is booked, and how an order stands by what came and went."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.till.tills import CUSTOMER, NOON_US, won

from solvent.billing.order import (
    PAID_STATES,
    PaymentOrder,
    disagreement,
    due,
    fee_transfer,
    first_look,
    is_given_up,
    money_account,
    next_look,
    settled_state,
    top_up_transfers,
    words_of,
)
from solvent.payments.port import Payment
from solvent.values.money import Money

HOUR_US = 3_600_000_000
ORDER = PaymentOrder(
    id="ord_1", customer=CUSTOMER, purpose="top_up", rail="stripe", account="receivable:processor:stripe",
    grains=won(11_000).grains, vat_grains=won(1_000).grains, currency="KRW", name="Top-up", created_us=NOON_US,
    expires_us=NOON_US + HOUR_US,
)  # fmt: skip
PAID = Payment("ord_1", "paid", "pi_1", won(11_000))

AMOUNTS = st.integers(0, 10**9).map(won)
STATES = st.sampled_from(["none", "open", "paid", "failed", "expired"])


def as_paid(order: PaymentOrder = ORDER) -> PaymentOrder:
    return msgspec.structs.replace(order, state="paid", payment="pi_1")


def test_what_a_processor_says_of_the_very_order_agrees() -> None:
    assert disagreement(ORDER, PAID) == ""
    assert disagreement(ORDER, Payment("ord_1", "open")) == ""
    assert disagreement(ORDER, Payment("", "none")) == ""
    assert disagreement(as_paid(), PAID) == ""


@pytest.mark.parametrize(
    ("order", "payment", "words"),
    [
        (ORDER, msgspec.structs.replace(PAID, order="ord_2"), "is for ord_2"),
        (ORDER, msgspec.structs.replace(PAID, order=""), "no order of ours"),
        (ORDER, msgspec.structs.replace(PAID, amount=won(10_999)), "asks for 11000 KRW, and 10999 KRW was paid"),
        (ORDER, msgspec.structs.replace(PAID, amount=Money(won(11_000).grains, "JPY")), "11000 JPY was paid"),
        (ORDER, msgspec.structs.replace(PAID, amount=Money(1, "ISK")), "1 grains of 'ISK' was paid"),
        (ORDER, msgspec.structs.replace(PAID, amount=None), "nothing was paid"),
        (as_paid(), msgspec.structs.replace(PAID, payment="pi_2"), "now by pi_2 again"),
        (as_paid(), Payment("ord_1", "open"), "now says open"),
    ],
)
def test_what_does_not_agree_is_said_in_words(order: PaymentOrder, payment: Payment, words: str) -> None:
    assert words in disagreement(order, payment)


@given(STATES, st.sampled_from(["ord_1", "ord_2", ""]), st.sampled_from(["pi_1", "pi_2", ""]), st.none() | AMOUNTS)
def test_nothing_but_the_whole_truth_is_booked_as_paid(
    state: str, order: str, payment: str, amount: Money | None
) -> None:
    told = Payment(order, state, payment, amount)  # type: ignore[arg-type]
    if state == "paid" and not disagreement(ORDER, told):
        assert (order, amount) == (ORDER.id, ORDER.amount)
    if not disagreement(as_paid(), told):
        assert (state, order, payment, amount) == ("paid", "ord_1", "pi_1", ORDER.amount)


@given(st.integers(1, 10**9), st.data())
def test_how_a_paid_order_stands_follows_from_what_went_back(amount: int, data: st.DataObject) -> None:
    refunded = data.draw(st.integers(0, amount))
    disputed = data.draw(st.integers(0, amount - refunded))
    order = msgspec.structs.replace(as_paid(), grains=amount, refunded_grains=refunded, disputed_grains=disputed)
    state = settled_state(order)
    assert state in PAID_STATES
    assert (state == "charged_back") == (disputed > 0)
    assert (state == "paid") == (refunded == disputed == 0)
    assert (state == "refunded") == (refunded == amount)


@pytest.mark.parametrize("broken", [{"state": "open"}, {"refunded_grains": 10**12}, {"disputed_grains": -1}])
def test_impossible_orders_crash(broken: dict[str, object]) -> None:
    with pytest.raises(AssertionError):
        settled_state(msgspec.structs.replace(as_paid(), **broken))


@given(st.integers(0, 10**9), st.integers(0, 10**8))
def test_a_top_up_books_all_that_was_paid_and_nothing_else(net: int, vat: int) -> None:
    order = msgspec.structs.replace(ORDER, grains=net + vat, vat_grains=vat)
    rows = top_up_transfers(order, NOON_US)
    assert sum(row.grains for row in rows) == net + vat
    assert {row.credit: row.grains for row in rows} == {
        account: grains for account, grains in (("wallet:cus_1", net), ("vat:payable", vat)) if grains
    }
    assert {row.debit for row in rows} <= {order.account}
    assert len({row.id for row in rows}) == len(rows)


def test_a_fee_is_an_expense_and_lessens_what_the_processor_owes() -> None:
    row = fee_transfer(ORDER, won(374), NOON_US)
    assert (row.debit, row.credit) == ("expense:payment_fees:stripe", "receivable:processor:stripe")


def test_money_is_ours_in_the_bank_or_owed_by_the_processor() -> None:
    assert money_account("bank", is_bank=True) == "cash:bank"
    assert money_account("toss", is_bank=False) == "receivable:processor:toss"


def test_an_order_is_asked_for_as_it_is() -> None:
    asked = due(msgspec.structs.replace(ORDER, saves="method", return_url="https://x/ord_1"), "cus_there")
    assert (asked.order, asked.amount, asked.owner, asked.save_method) == ("ord_1", won(11_000), "cus_there", True)
    assert ORDER.kind == "top_up"
    invoice = msgspec.structs.replace(ORDER, purpose="invoice:inv_7")
    assert (invoice.kind, invoice.subject) == ("invoice", "inv_7")


@given(st.integers(0, 10**6))
def test_looks_grow_rarer_and_never_stop(looks: int) -> None:
    pauses = [next_look(n, NOON_US) - NOON_US for n in (looks, looks + 1)]
    assert 60_000_000 <= pauses[0] <= pauses[1] <= HOUR_US
    assert first_look(ORDER) == NOON_US + 60_000_000


def test_an_order_is_given_up_an_hour_after_its_end() -> None:
    end_us = ORDER.expires_us + HOUR_US
    assert not is_given_up(ORDER, end_us - 1)
    assert is_given_up(ORDER, end_us)


def test_words_name_any_amount() -> None:
    assert words_of(won(5)) == "5 KRW"
    assert words_of(Money(7, "XXX")) == "7 grains of 'XXX'"
