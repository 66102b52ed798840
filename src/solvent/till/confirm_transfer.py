"""Confirm a bank transfer: an operator has seen on the statement that it came, or that a refund was sent."""

from __future__ import annotations

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing import payment_store, reversal_store
from solvent.billing.order import PaymentOrder, words_of
from solvent.billing.rails import Rails
from solvent.billing.reconcile_store import reconcile
from solvent.billing.reversal import UNDER_WAY
from solvent.billing.suspense_store import demand_in_suspense
from solvent.billing.take_back_store import refund_done
from solvent.db.port import Connection, Database
from solvent.ledger import store as ledger_store
from solvent.ledger.account import SUSPENSE
from solvent.ledger.transfer import posting
from solvent.payments.port import Payment
from solvent.values.errors import Conflict, Refused
from solvent.values.ids import TransferId
from solvent.values.money import Money

REFUND_PREFIX = "rfd_"


async def confirm_transfer(
    id: str, amount: Money, rails: Rails, database: Database, act: Act, *, memo: str = "", from_suspense: bool = False
) -> PaymentOrder:
    """id: of the order that was paid, or of the refund that was sent. memo: what the statement says.

    from_suspense: the money came before and was booked as unexplained; now it is known whose it is.
    Raises NotFound; Refused for a rail that is no bank, and for another amount than was asked; Conflict for what is
    settled already.
    """

    def work(connection: Connection) -> PaymentOrder:
        def effect() -> PaymentOrder:
            if id.startswith(REFUND_PREFIX):
                return _sent(connection, id, amount, rails, act)
            return _came(connection, id, amount, rails, act, memo, from_suspense=from_suspense)

        confirmed, _ = audit_store.once(connection, act, "payment.confirm", id, effect, PaymentOrder)
        return confirmed

    return await database.write(work)


def _came(
    connection: Connection, id: str, amount: Money, rails: Rails, act: Act, memo: str, *, from_suspense: bool
) -> PaymentOrder:
    order = payment_store.order_by_id(connection, id)
    if not from_suspense:
        _demand_bank(rails, order.rail)
    if order.is_paid:
        raise Conflict("order_is_paid", f"order {id} was paid already, by {order.payment}")
    if amount != order.amount:
        message = f"order {id} asks for {words_of(order.amount)}, not {words_of(amount)}; book what came to suspense"
        raise Refused("transfer_differs", message, param="amount")
    if from_suspense:
        _explain(connection, order, act.at_us)
    named = f"transfer/{id}" + (f"/{memo}" if memo else "")
    settled = reconcile(connection, rails, id, Payment(id, "paid", named, amount), act.at_us)
    if settled.problem:
        raise Conflict("payment_not_booked", settled.problem)
    return settled.order


def _explain(connection: Connection, order: PaymentOrder, at_us: int) -> None:
    """What is in suspense, less this: it is the payment of the order now."""
    demand_in_suspense(connection, order.amount)
    id = TransferId(f"{order.id}.explained")
    row = posting(id, at_us, SUSPENSE, order.account, order.amount, order.id)
    ledger_store.append(connection, [row])


def _sent(connection: Connection, id: str, amount: Money, rails: Rails, act: Act) -> PaymentOrder:
    refund = reversal_store.refund_by_id(connection, id)
    _demand_bank(rails, refund.rail)
    if refund.state not in UNDER_WAY:
        raise Conflict("refund_is_settled", f"refund {id} is {refund.state} already")
    if amount != refund.amount:
        message = f"refund {id} is of {words_of(refund.amount)}, not {words_of(amount)}"
        raise Refused("transfer_differs", message, param="amount")
    order = payment_store.order_by_id(connection, refund.order_id)
    order = refund_done(connection, order, refund, refund.refund or id, act.at_us)
    payment_store.set_order(connection, order)
    return order


def _demand_bank(rails: Rails, rail: str) -> None:
    if not rails.processor(rail).is_bank:
        message = f"{rail} says itself what was paid; only transfers to a bank are confirmed by hand"
        raise Refused("not_a_bank", message, param="rail")
