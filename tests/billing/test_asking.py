"""What is asked of a customer becomes an order, or is refused with the field at fault."""

from __future__ import annotations

import pytest
from tests.till.tills import CUSTOMER, NOON_US, won

from solvent.billing.asking import Asking, order_of
from solvent.values.errors import Invalid
from solvent.values.limits import CHECKOUT_S_MAX, PAYMENT_KEY_S_MAX, TRANSFER_S_MAX
from solvent.values.money import Money, money


def asking(amount: Money, purpose: str = "top_up", vat: Money | None = None, charges: str = "") -> Asking:
    return Asking(
        customer=CUSTOMER, purpose=purpose, rail="stripe", amount=amount, vat=vat, name="A", charges=charges,
        return_url="https://shop.example/pay/stripe/{order}",
    )  # fmt: skip


def test_an_order_asks_for_the_amount_and_the_vat_on_top() -> None:
    order = order_of(asking(won(10_000), vat=won(1_000)), NOON_US, 7, is_bank=False)
    assert (order.amount, order.vat_grains) == (won(11_000), won(1_000).grains)
    assert order.id.startswith("ord_")
    assert order.return_url == f"https://shop.example/pay/stripe/{order.id}"
    assert order.state == "open"
    assert order.look_us > NOON_US


def test_a_transfer_is_waited_for_longer_than_a_checkout() -> None:
    lasts = [
        order_of(asking(won(1), charges=method), NOON_US, 7, is_bank=is_bank).expires_us - NOON_US
        for method, is_bank in (("", False), ("", True), ("pm_1", False))
    ]
    assert lasts == [seconds * 10**6 for seconds in (CHECKOUT_S_MAX, TRANSFER_S_MAX, PAYMENT_KEY_S_MAX)]


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        (asking(won(0)), "amount"),
        (asking(won(-5)), "amount"),
        (asking(money("0.5", "KRW")), "amount"),
        (asking(money("0.005", "USD")), "amount"),
        (asking(won(100_000_001)), "amount"),
        (asking(won(100), vat=money("0.5", "KRW")), "vat"),
        (asking(won(100), vat=won(-1)), "amount"),
        (asking(won(100), "invoice:inv_1", won(10)), "vat"),
    ],
)
def test_what_cannot_be_paid_is_refused(wrong: Asking, param: str) -> None:
    with pytest.raises(Invalid) as refusal:
        order_of(wrong, NOON_US, 7, is_bank=False)
    assert refusal.value.param == param


def test_a_method_is_saved_for_nothing() -> None:
    assert order_of(asking(won(0), "method"), NOON_US, 7, is_bank=False).amount == won(0)
