"""Toss Payments' objects, read: as much of them as is needed, into the values of the port.

Amounts are JSON numbers of whole units (15000 won, 181.56 dollars), read from their digits and never as floats.
Source: docs.tosspayments.com, Core API version 2022-11-16, read 2026-11.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec

from solvent.payments.port import Event, EventKind, Method, Payment, PaymentState, Refund, RefundState
from solvent.values.errors import Invalid
from solvent.values.money import Money, money

# What one payment is now. CANCELED of one that was never approved is an expired one.
_STATES: Final[dict[str, PaymentState]] = {
    "READY": "open", "IN_PROGRESS": "open", "WAITING_FOR_DEPOSIT": "open", "DONE": "paid", "CANCELED": "paid",
    "PARTIAL_CANCELED": "paid", "ABORTED": "failed", "EXPIRED": "expired",
}  # fmt: skip
# A deposit that is taken back makes a payment wait for it again, so that is worth a look too.
_KINDS: Final[dict[str, EventKind]] = {
    "DONE": "paid", "CANCELED": "refunded", "PARTIAL_CANCELED": "refunded", "ABORTED": "failed",
    "EXPIRED": "failed", "WAITING_FOR_DEPOSIT": "failed",
}  # fmt: skip
_CANCELS: Final[dict[str, RefundState]] = {"DONE": "done", "ABORTED": "failed", "IN_PROGRESS": "pending"}
_KEY: Final = re.compile(r"\[(\w{1,60})\]\Z")
_ID: Final = re.compile(r"[\w-]{1,100}\Z")
_TRANSMISSION: Final = "tosspayments-webhook-transmission-id"
REASON_CHARACTERS_MAX: Final = 200
_NOTHING: Final = msgspec.Raw(b"")


class Problem(msgspec.Struct, rename="camel"):
    """What is said of a request that failed."""

    code: str = ""
    message: str = ""


class _Card(msgspec.Struct, rename="camel"):
    number: str = ""


class _Cancel(msgspec.Struct, rename="camel"):
    cancel_amount: msgspec.Raw
    transaction_key: str = ""
    cancel_reason: str = ""
    cancel_status: str = "DONE"


class TossPayment(msgspec.Struct, rename="camel"):
    """A payment."""

    payment_key: str
    order_id: str
    status: str
    total_amount: msgspec.Raw
    currency: str = "KRW"
    approved_at: str | None = None
    secret: str | None = None
    cancels: list[_Cancel] | None = None
    failure: Problem | None = None


class Forgotten(msgspec.Struct):
    """A billing key is deleted: nothing more is said that is needed."""


class Billing(msgspec.Struct, rename="camel"):
    """A billing key: a card that may be charged."""

    billing_key: str
    customer_key: str
    method: str = ""
    card_company: str | None = None
    card_number: str | None = None
    card: _Card | None = None


class _Told(msgspec.Struct, rename="camel"):
    payment_key: str = ""
    order_id: str = ""
    status: str = ""
    total_amount: msgspec.Raw = _NOTHING
    currency: str = "KRW"


class _Event(msgspec.Struct, rename="camel"):
    """Either a state with `data`, or of a virtual account, without an eventType and with a secret."""

    event_type: str = ""
    data: msgspec.Raw = _NOTHING
    order_id: str = ""
    status: str = ""
    secret: str | None = None


def event(headers_id: str, body: bytes) -> Event:
    """Read a webhook: nothing of it is proven. Raises msgspec.DecodeError for what is none."""
    read = msgspec.json.decode(body, type=_Event)
    id = headers_id if _ID.match(headers_id) else sha256(body).hexdigest()
    if read.event_type == "PAYMENT_STATUS_CHANGED" and bytes(read.data):
        told = msgspec.json.decode(read.data, type=_Told)
        kind = _KINDS.get(told.status, "ignored")
        amount = amount_of(told.total_amount, told.currency) if kind == "paid" and bytes(told.total_amount) else None
        return Event(id, kind, told.order_id, told.payment_key, amount, signed=False)
    if read.event_type in ("", "DEPOSIT_CALLBACK") and read.order_id:
        kind = _KINDS.get(read.status, "ignored")
        return Event(id, kind, read.order_id, signed=False, proof=read.secret or "")
    return Event(id, "ignored", signed=False)


def transmission(headers: dict[str, str]) -> str:
    """The id that Toss gives a webhook, the same each time it is sent; "" for none."""
    return headers.get(_TRANSMISSION, "")


def of_payment(read: TossPayment) -> Payment:
    """How a payment stands. What Toss keeps of it is in its settlements only."""
    state = _STATES.get(read.status, "open")
    if read.status == "CANCELED" and not read.approved_at:
        state = "expired"
    refunds = tuple(_refund(cancel, read.currency) for cancel in read.cancels or ()) if state == "paid" else ()
    why = f"{read.failure.code}: {read.failure.message}" if read.failure else read.status
    return Payment(
        read.order_id,
        state,
        read.payment_key,
        amount_of(read.total_amount, read.currency),
        refunds=refunds,
        why=why if state == "failed" else "",
        proof=read.secret or "",
    )


def _refund(cancel: _Cancel, currency: str) -> Refund:
    found = _KEY.search(cancel.cancel_reason)
    state = _CANCELS.get(cancel.cancel_status, "pending")
    amount = amount_of(cancel.cancel_amount, currency)
    return Refund(cancel.transaction_key, found[1] if found else "", amount, state, cancel.cancel_status)


def reason(why: str, key: str) -> str:
    """Why money goes back, with our key at its end: what comes back with the payment tells whose refund it is."""
    mark = f" [{key}]"
    return (why or "refund")[: REASON_CHARACTERS_MAX - len(mark)] + mark


def of_billing(billing: Billing) -> Method:
    """A card to charge. Its number is masked by Toss."""
    number = billing.card_number or (billing.card.number if billing.card else "")
    label = " ".join(part for part in (billing.card_company or billing.method, number) if part)
    return Method(billing.billing_key, billing.customer_key, label)


def amount_of(number: msgspec.Raw, currency: str) -> Money:
    """A JSON number of whole units, exactly. Raises msgspec.ValidationError for anything else."""
    digits = bytes(number).decode()
    try:
        return money(digits, currency)
    except Invalid as wrong:
        if wrong.code == "unknown_currency":
            return Money(0, currency)  # matches no order
        raise msgspec.ValidationError(f"{digits[:40]!r} is not an amount") from None
