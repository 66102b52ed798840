"""What goes back is split so that parts sum to the whole, and its mirror undoes it exactly."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.billing.test_order import ORDER, as_paid
from tests.till.tills import NOON_US, won

from solvent.billing.order import PaymentOrder
from solvent.billing.reversal import (
    DisputeRecord,
    RefundOrder,
    Split,
    dispute_fee_transfer,
    dispute_transfers,
    refund_transfers,
    returned_transfers,
    split,
    vat_in,
    wallet_hold,
)
from solvent.ledger.balance import Key
from solvent.ledger.transfer import Transfer, post
from solvent.payments.port import Dispute
from solvent.values.money import Money

GRAINS = 10**7


@st.composite
def orders(draw: st.DrawFn) -> PaymentOrder:
    net = draw(st.integers(1, 10**7))
    vat = draw(st.integers(0, net))
    return msgspec.structs.replace(as_paid(), grains=(net + vat) * GRAINS, vat_grains=vat * GRAINS)


def refund_of(order: PaymentOrder, shares: Split, grains: int) -> RefundOrder:
    return RefundOrder(
        id="rfd_1", order_id=order.id, rail=order.rail, grains=grains, vat_grains=shares.vat,
        wallet_grains=shares.wallet, short_grains=shares.short, currency=order.currency, created_us=NOON_US,
    )  # fmt: skip


def sums(rows: list[Transfer]) -> dict[str, int]:
    """Credits less debits by account."""
    moved: dict[str, int] = {}
    for row in rows:
        moved[row.credit] = moved.get(row.credit, 0) + row.grains
        moved[row.debit] = moved.get(row.debit, 0) - row.grains
    return {account: grains for account, grains in moved.items() if grains}


@given(orders(), st.data())
def test_parts_that_go_back_sum_to_the_whole_and_its_vat(order: PaymentOrder, data: st.DataObject) -> None:
    left, gone, gone_grains, live = order.grains // GRAINS, Split(), 0, 0
    while left:
        part = data.draw(st.integers(1, left)) if live < 5 else left
        live += 1
        shares = split(order, gone, gone_grains, part * GRAINS, data.draw(st.integers(-5, 10**15)))
        assert shares.vat + shares.wallet + shares.short == part * GRAINS
        assert min(shares.vat, shares.wallet, shares.short) >= 0
        assert shares.vat % GRAINS == 0, "VAT is whole won"
        if data.draw(st.integers(0, 3)) == 0 and live < 5:
            continue  # it failed: nothing of it is gone
        gone = Split(gone.vat + shares.vat, gone.wallet + shares.wallet, gone.short + shares.short)
        gone_grains += part * GRAINS
        left -= part
    assert gone.vat == order.vat_grains
    assert gone.vat + gone.wallet + gone.short == order.grains


@given(orders(), st.integers(0, 10**7))
def test_the_vat_in_a_part_is_within_a_won_of_its_share(order: PaymentOrder, units: int) -> None:
    grains = min(units * GRAINS, order.grains)
    exact = order.vat_grains * grains
    assert abs(vat_in(order, grains) * order.grains - exact) <= order.grains * GRAINS
    assert vat_in(order, 0) == 0
    assert vat_in(order, order.grains) == order.vat_grains


@given(orders(), st.data())
def test_a_refund_and_its_return_leave_nothing(order: PaymentOrder, data: st.DataObject) -> None:
    grains = data.draw(st.integers(1, order.grains // GRAINS)) * GRAINS
    shares = split(order, Split(), 0, grains, data.draw(st.integers(0, order.grains)))
    refund = refund_of(order, shares, grains)
    rows = refund_transfers(order, refund, NOON_US)
    held = wallet_hold(order, refund, NOON_US)
    if held is not None:
        rows.append(post(held, Money(shares.wallet, "KRW"), NOON_US))
    assert sums(rows)[order.account] == grains, "so much less is owed to us"
    assert sums([*rows, *returned_transfers(order, refund, NOON_US)]) == {}
    assert (held is None) == (shares.wallet == 0)


@given(orders(), st.data())
def test_a_chargeback_and_its_end_in_our_favour_leave_nothing(order: PaymentOrder, data: st.DataObject) -> None:
    grains = data.draw(st.integers(1, order.grains // GRAINS)) * GRAINS
    shares = split(order, Split(), 0, grains, data.draw(st.integers(0, order.grains)))
    record = DisputeRecord(
        rail=order.rail, id="du_1", order_id=order.id, grains=grains, vat_grains=shares.vat,
        wallet_grains=shares.wallet, short_grains=shares.short, currency="KRW", state="open", opened_us=NOON_US,
    )  # fmt: skip
    opened = dispute_transfers(order, record, NOON_US, is_won=False)
    won_back = dispute_transfers(order, record, NOON_US, is_won=True)
    assert sums(opened)[order.account] == grains
    assert sums([*opened, *won_back]) == {}
    ids: list[Key | str] = [row.id for row in (*opened, *won_back)]
    assert len(set(ids)) == len(ids)


def test_what_paid_an_invoice_is_asked_for_again_and_the_rest_is_in_the_wallet() -> None:
    invoice = msgspec.structs.replace(as_paid(), purpose="invoice:inv_1", vat_grains=0)
    amount = won(500).grains
    assert split(invoice, Split(), 0, amount, 10**15, amount) == Split()
    assert split(invoice, Split(), 0, amount, 10**15, won(200).grains) == Split(wallet=won(300).grains)
    short = Split(wallet=won(100).grains, short=won(200).grains)
    assert split(invoice, Split(), 0, amount, won(100).grains, won(200).grains) == short


def test_a_dispute_costs_a_fee_of_its_own() -> None:
    row = dispute_fee_transfer(ORDER, Dispute("du_1", won(11_000), "open", won(20_000)), NOON_US)
    assert (row.debit, row.grains) == ("expense:payment_fees:stripe", won(20_000).grains)
