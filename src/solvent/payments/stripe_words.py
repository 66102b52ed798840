"""Stripe's objects, read: as much of them as is needed, into the values of the port.

Amounts are whole minor units, which for KRW and JPY are whole won and yen.
Source: docs.stripe.com/api, version 2026-10-28, read 2026-11.
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.payments.port import Dispute, DisputeState, Event, EventKind, Method, Payment, PaymentState, Refund
from solvent.values.money import GRAINS_PER_MINOR_UNIT, MINOR_DIGITS, Money

ORDER: Final = "solvent_order"  # our ids, in the metadata of Stripe's objects
REFUND: Final = "solvent_refund"

_KINDS: Final[dict[str, EventKind]] = {
    "checkout.session.completed": "paid",
    "checkout.session.async_payment_succeeded": "paid",
    "checkout.session.async_payment_failed": "failed",
    "checkout.session.expired": "failed",
    "payment_intent.succeeded": "paid",
    "payment_intent.payment_failed": "failed",
    "payment_intent.canceled": "failed",
    "charge.updated": "paid",  # its fee is known now
    "charge.refunded": "refunded",
    "refund.created": "refunded",
    "refund.updated": "refunded",
    "refund.failed": "refunded",
    "charge.dispute.created": "chargeback",
    "charge.dispute.updated": "chargeback",
    "charge.dispute.closed": "chargeback",
    "charge.dispute.funds_withdrawn": "chargeback",
    "charge.dispute.funds_reinstated": "chargeback",
}
# Of a charge without the customer: what needs them has failed.
_INTENTS: Final[dict[str, PaymentState]] = {
    "succeeded": "paid", "processing": "open", "requires_capture": "open", "requires_confirmation": "failed",
    "requires_payment_method": "failed", "requires_action": "failed", "canceled": "failed",
}  # fmt: skip
_DISPUTES: Final[dict[str, DisputeState]] = {
    "needs_response": "open", "under_review": "open", "won": "won", "lost": "lost",
}  # fmt: skip


class _Card(msgspec.Struct):
    brand: str = ""
    last4: str = ""


class _PaymentMethod(msgspec.Struct):
    id: str
    type: str = ""
    card: _Card | None = None


class Kept(msgspec.Struct):
    """A payment method. customer: whom it can be charged for; None for nobody any more."""

    id: str
    customer: str | None = None


class _Fee(msgspec.Struct):
    fee: int = 0
    currency: str = ""


class Charge(msgspec.Struct):
    """A charge, with what Stripe keeps of it once that is known."""

    id: str
    disputed: bool = False
    balance_transaction: _Fee | str | None = None


class _Failure(msgspec.Struct):
    code: str = ""
    decline_code: str | None = None
    message: str = ""


class Intent(msgspec.Struct):
    """A payment intent."""

    id: str
    status: str
    amount: int
    currency: str
    amount_received: int = 0
    metadata: dict[str, str] = {}
    customer: str | None = None
    setup_future_usage: str | None = None
    latest_charge: Charge | str | None = None
    payment_method: _PaymentMethod | str | None = None
    last_payment_error: _Failure | None = None


class _SetupIntent(msgspec.Struct):
    id: str
    payment_method: _PaymentMethod | str | None = None


class Session(msgspec.Struct):
    """A checkout session."""

    id: str
    mode: str
    status: str | None = None
    url: str | None = None
    currency: str | None = None
    amount_total: int | None = None
    metadata: dict[str, str] = {}
    customer: str | None = None
    payment_intent: Intent | str | None = None
    setup_intent: _SetupIntent | str | None = None


class RefundObject(msgspec.Struct):
    """A refund."""

    id: str
    amount: int
    currency: str
    status: str | None = None
    metadata: dict[str, str] | None = None
    failure_reason: str | None = None


class DisputeObject(msgspec.Struct):
    """A dispute."""

    id: str
    amount: int
    currency: str
    status: str
    balance_transactions: list[_Fee] = []


class _Object(msgspec.Struct):
    """What a webhook is about: any of the above."""

    id: str
    object: str = ""
    mode: str = ""
    payment_status: str = ""
    metadata: dict[str, str] | None = None
    payment_intent: str | None = None
    amount_total: int | None = None
    amount_received: int | None = None
    currency: str | None = None


class _Data(msgspec.Struct):
    object: msgspec.Raw


class _Event(msgspec.Struct):
    id: str
    type: str
    data: _Data


def event(body: bytes) -> Event:
    """Read a webhook whose signature is good. Raises msgspec.DecodeError for what is none."""
    read = msgspec.json.decode(body, type=_Event)
    kind = _KINDS.get(read.type, "ignored")
    if kind == "ignored":
        return Event(read.id, kind)
    about = msgspec.json.decode(read.data.object, type=_Object)
    amount = None
    if about.object == "checkout.session" and kind == "paid":
        kind = "method_saved" if about.mode == "setup" else "paid"
        if about.payment_status == "paid" and about.amount_total is not None:
            amount = money_of(about.amount_total, about.currency or "")
    elif about.object == "payment_intent" and kind == "paid" and about.amount_received is not None:
        amount = money_of(about.amount_received, about.currency or "")
    payment = about.id if about.object == "payment_intent" else about.payment_intent or ""
    order = (about.metadata or {}).get(ORDER, "")
    return Event(read.id, kind, order, payment, amount)


def money_of(count: int, currency: str) -> Money:
    """Minor units as money, of whatever currency: one that we do not know will not match any order."""
    return Money(count * GRAINS_PER_MINOR_UNIT, currency.upper())


def of_session(session: Session, refunds: list[RefundObject], disputes: list[DisputeObject]) -> Payment:
    """How a checkout stands. A payment that failed in it can be tried again until it expires."""
    order = session.metadata.get(ORDER, "")
    if session.mode == "setup":
        return _of_setup(session, order)
    intent = session.payment_intent
    if isinstance(intent, Intent):
        payment = of_intent(intent, refunds, disputes)
        if payment.state == "paid":
            return msgspec.structs.replace(payment, order=order or payment.order)
    asked = money_of(session.amount_total, session.currency) if session.amount_total and session.currency else None
    return Payment(order, "expired" if session.status == "expired" else "open", amount=asked)


def _of_setup(session: Session, order: str) -> Payment:
    kept = session.setup_intent
    method = kept.payment_method if isinstance(kept, _SetupIntent) else None
    amount = Money(0, session.currency.upper()) if session.currency else None
    if session.status == "complete" and isinstance(method, _PaymentMethod) and isinstance(kept, _SetupIntent):
        saved = Method(method.id, session.customer or "", _label(method))
        return Payment(order, "paid", kept.id, amount, method=saved)
    return Payment(order, "expired" if session.status == "expired" else "open", amount=amount)


def of_intent(intent: Intent, refunds: list[RefundObject], disputes: list[DisputeObject]) -> Payment:
    """How a payment stands."""
    state = _INTENTS.get(intent.status, "open")
    charge = intent.latest_charge if isinstance(intent.latest_charge, Charge) else None
    kept = charge.balance_transaction if charge else None
    fee = (
        money_of(kept.fee, kept.currency) if isinstance(kept, _Fee) and kept.currency.upper() in MINOR_DIGITS else None
    )
    method = None
    if isinstance(intent.payment_method, _PaymentMethod) and intent.customer and intent.setup_future_usage:
        method = Method(intent.payment_method.id, intent.customer, _label(intent.payment_method))
    return Payment(
        intent.metadata.get(ORDER, ""),
        state,
        intent.id,
        money_of(intent.amount_received if state == "paid" else intent.amount, intent.currency),
        fee,
        fee_follows=state == "paid" and not isinstance(kept, _Fee),
        refunds=tuple(of_refund(refund) for refund in refunds),
        disputes=tuple(_of_dispute(dispute) for dispute in disputes),
        method=method,
        why=_why(intent.last_payment_error, intent.status) if state == "failed" else "",
    )


def of_refund(refund: RefundObject) -> Refund:
    """How a refund stands."""
    amount, key = money_of(refund.amount, refund.currency), (refund.metadata or {}).get(REFUND, "")
    if refund.status in ("failed", "canceled"):
        return Refund(refund.id, key, amount, "failed", refund.failure_reason or refund.status)
    return Refund(refund.id, key, amount, "done" if refund.status == "succeeded" else "pending")


def _of_dispute(dispute: DisputeObject) -> Dispute:
    fee = next((_fee(kept) for kept in dispute.balance_transactions if kept.fee > 0), None)
    state = _DISPUTES.get(dispute.status, "inquiry")
    return Dispute(dispute.id, money_of(dispute.amount, dispute.currency), state, fee)


def _fee(kept: _Fee) -> Money | None:
    """In the account's own currency, which may be another than the payment's; None for one that we do not know."""
    return money_of(kept.fee, kept.currency) if kept.currency.upper() in MINOR_DIGITS else None


def _why(failure: _Failure | None, status: str) -> str:
    if failure is None:
        return status
    return f"{failure.decline_code or failure.code}: {failure.message}"


def _label(method: _PaymentMethod) -> str:
    card = method.card
    return f"{card.brand} ··{card.last4}" if card else method.type
