"""How a customer pays: the order they are asked to pay, and where they do it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.billing.order import OrderState, PaymentOrder
from solvent.console.members import WORD
from solvent.till.open_checkout import Opened
from solvent.values.instant import iso
from solvent.values.money import Money, plain

Rail = Annotated[str, WORD, Meta(description="over which rail what is due is paid; none for later")]


class OrderBody(msgspec.Struct, kw_only=True):
    """What a customer is asked to pay. amount: all of it, with `vat`. purpose: top_up, method, or what with its id.

    payment: the processor's id. saved_method: what is charged, without a checkout. fee: null while it is unknown.
    """

    object: Literal["payment.order"] = "payment.order"
    id: str
    customer: str
    purpose: str
    rail: str
    name: str
    state: OrderState
    amount: str
    vat: str
    currency: str
    refunded: str
    disputed: str
    fee: str | None
    fee_currency: str | None
    saved_method: str | None
    saves_method: bool
    payment: str | None
    why: str | None
    created_at: str
    expires_at: str
    paid_at: str | None


class PaymentBody(msgspec.Struct, kw_only=True):
    """An order and how it is paid. url: where to send the customer's browser; parameters: for a script, or to read.

    Both are empty once it cannot or need not be paid any more.
    """

    object: Literal["payment"] = "payment"
    order: OrderBody
    url: str
    parameters: dict[str, str]


def order_body(order: PaymentOrder) -> OrderBody:
    """An order as JSON. What the processor must not share, and what the customer brought back, are not in it."""
    return OrderBody(
        id=order.id, customer=order.customer, purpose=order.purpose, rail=order.rail, name=order.name,
        state=order.state, amount=plain(order.amount), vat=plain(Money(order.vat_grains, order.currency)),
        currency=order.currency, refunded=plain(Money(order.refunded_grains, order.currency)),
        disputed=plain(Money(order.disputed_grains, order.currency)),
        fee=plain(Money(order.fee_grains, order.fee_currency)) if order.fee_currency else None,
        fee_currency=order.fee_currency or None, saved_method=order.charges or None, saves_method=bool(order.saves),
        payment=order.payment or None, why=order.why or None, created_at=iso(order.created_us),
        expires_at=iso(order.expires_us), paid_at=iso(order.paid_us) if order.paid_us else None,
    )  # fmt: skip


def payment_of(opened: Opened) -> PaymentBody:
    """An order and its checkout as JSON."""
    checkout = opened.checkout
    url, parameters = (checkout.url, checkout.parameters) if checkout else ("", {})
    return PaymentBody(order=order_body(opened.order), url=url, parameters=parameters)
