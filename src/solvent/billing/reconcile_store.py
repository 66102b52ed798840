"""Brings our books to what a processor says of an order, in one transaction, as often as you like.

Every step looks at what is booked already, so a repeated, late or misordered hint changes nothing that it should not.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from solvent.audit import store as audit_store
from solvent.audit.act import by_system
from solvent.billing import invoice_store, payment_store
from solvent.billing.asking_store import due_of
from solvent.billing.order import (
    INVOICE,
    METHOD,
    TOP_UP,
    PaymentOrder,
    disagreement,
    fee_transfer,
    words_of,
)
from solvent.billing.payment_store import SavedMethod
from solvent.billing.rails import Rails
from solvent.billing.take_back_store import take_back_dispute, take_back_refund
from solvent.billing.wallet_store import fill_wallet, fill_with_rest
from solvent.identity import store as identity_store
from solvent.invoicing.invoice import InvoiceId
from solvent.invoicing.store import profile_at
from solvent.ledger import store as ledger_store
from solvent.payments.port import Method, Payment
from solvent.values.errors import Conflict, SolventError
from solvent.values.ids import new_id


class Reconciled(msgspec.Struct, frozen=True):
    """How an order stands now. changes: what was booked, in words. problem: what does not agree; "" when all does."""

    order: PaymentOrder
    changes: tuple[str, ...] = ()
    problem: str = ""


def reconcile(connection: Connection, rails: Rails, id: str, payment: Payment, at_us: int) -> Reconciled:
    """Book what is new in `payment`, and nothing else. The order is read anew: what counts is what is kept now."""
    order = payment_store.order_by_id(connection, id)
    problem = disagreement(order, payment)
    changes: list[str] = []
    if not problem and payment.state == "paid" and not order.is_paid:
        order, problem = _pay_invoice(connection, rails, order, at_us)
        if not problem:
            order = _paid(connection, rails, order, payment, at_us)
            changes.append("paid")
    elif not problem and payment.state in ("failed", "expired") and not order.is_paid:
        if order.state != payment.state:
            changes.append(payment.state)
        order = msgspec.structs.replace(order, state=payment.state, why=payment.why, look_us=0)
    if not problem and order.is_paid:
        order, problem = _after(connection, order, payment, at_us, changes)
    if problem:
        order = msgspec.structs.replace(order, why=problem)
    payment_store.set_order(connection, order)
    return Reconciled(order, tuple(changes), problem)


def _after(
    connection: Connection, order: PaymentOrder, payment: Payment, at_us: int, changes: list[str]
) -> tuple[PaymentOrder, str]:
    """What may come with a payment or any time after it: its fee, a saved method, money that went back."""
    if payment.fee is not None and not order.fee_currency:
        if payment.fee.grains > 0:
            ledger_store.append(connection, [fee_transfer(order, payment.fee, at_us)])
            changes.append("fee")
        order = msgspec.structs.replace(order, fee_grains=payment.fee.grains, fee_currency=payment.fee.currency)
    if payment.method is not None and order.saves:
        _save_method(connection, order, payment.method, at_us)
    problem = ""
    for refund in payment.refunds:
        order, change, wrong = take_back_refund(connection, order, refund, at_us)
        changes += change
        problem = problem or wrong
    for dispute in payment.disputes:
        order, change, wrong = take_back_dispute(connection, order, dispute, at_us)
        changes += change
        problem = problem or wrong
    return order, problem


def _pay_invoice(connection: Connection, rails: Rails, order: PaymentOrder, at_us: int) -> tuple[PaymentOrder, str]:
    """Book the payment of an invoice. What it does not ask for any more, as when it was paid twice, is for the wallet;
    of a wallet that VAT is paid for, all of it, whose paper is one.

    At a bank a person decides that: then, or when there is no such invoice, why it cannot be; nothing was written.
    """
    if order.kind != INVOICE:
        return order, ""
    id = InvoiceId(order.subject)
    try:
        invoice_store.pay(connection, id, order.amount, order.account, at_us, order.id)
    except SolventError as wrong:
        if isinstance(wrong, Conflict) and not rails.processor(order.rail).is_bank:
            due = due_of(connection, order.customer, id)
            if due.grains <= 0 or profile_at(connection, order.customer, at_us).tax.treatment == "exclusive":
                return msgspec.structs.replace(order, purpose=TOP_UP), ""
            invoice_store.pay(connection, id, due, order.account, at_us, order.id)
            fill_with_rest(connection, order, order.amount - due, at_us)
            return order, ""
        return order, f"{words_of(order.amount)} came for {order.purpose} and cannot be booked: {wrong.message}"
    return order, ""


def _paid(connection: Connection, rails: Rails, order: PaymentOrder, payment: Payment, at_us: int) -> PaymentOrder:
    if order.kind == TOP_UP:
        order = fill_wallet(connection, order, at_us)
    paid = msgspec.structs.replace(order, state="paid", payment=payment.payment, paid_us=at_us, why="", look_us=0)
    if order.kind in rails.on_paid:
        paid = rails.on_paid[order.kind](connection, paid, at_us) or paid
    else:
        assert order.kind in (INVOICE, TOP_UP, METHOD), "who made the order has seen that its purpose is known"
    act = by_system(f"payment/{order.id}/paid", at_us)
    what = f"{order.purpose} {words_of(order.amount)} {payment.payment}"
    audit_store.once(connection, act, "payment.paid", order.customer, lambda: what, str)
    return paid


def _save_method(connection: Connection, order: PaymentOrder, method: Method, at_us: int) -> None:
    entropy = int.from_bytes(sha256(f"{order.rail}/{method.handle}".encode()).digest()[:8], "big")
    id = new_id("pm", order.created_us, entropy)
    known = payment_store.find_method(connection, order.rail, method.handle)
    if known is not None and known.removed_us and known.removed_us >= order.paid_us:
        return  # removed since it was paid with: looking at the order again does not bring it back
    saved = SavedMethod(id, order.customer, order.rail, method.handle, method.owner, method.label, at_us)
    payment_store.save_method(connection, saved)
    if identity_store.is_closed(connection, order.customer):  # they left it while they closed their account
        payment_store.remove_methods(connection, order.customer, at_us)
