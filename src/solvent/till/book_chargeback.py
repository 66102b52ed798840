"""Book a chargeback that a processor does not tell by itself: an operator reads it from a letter or a web page."""

from __future__ import annotations

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing import payment_store
from solvent.billing.order import INVOICE, TOP_UP, PaymentOrder
from solvent.billing.take_back_store import take_back_dispute
from solvent.db.port import Connection, Database
from solvent.ledger.account import wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.payments.port import Dispute
from solvent.values.errors import Conflict, Refused
from solvent.values.money import minor_units


async def book_chargeback(id: str, dispute: Dispute, database: Database, act: Act) -> PaymentOrder:
    """id: of the order that was paid. dispute: its own id, and how it stands: open, lost, or won.

    What is free in the wallet is taken from there, the rest is our expense; won, it is undone exactly.
    Raises NotFound, Invalid for a part of a currency's smallest unit, Conflict for an order that was not paid, and
    Refused for more than is left of it.
    """
    minor_units(dispute.amount)
    order = await database.read(lambda connection: payment_store.order_by_id(connection, id))
    if order.kind in (TOP_UP, INVOICE) and dispute.state != "won":
        await call_in_leases(wallet(order.customer), order.currency, database)

    def work(connection: Connection) -> PaymentOrder:
        def effect() -> PaymentOrder:
            order = payment_store.order_by_id(connection, id)
            if not order.is_paid:
                raise Conflict("order_not_paid", f"order {id} is {order.state}; nothing of it can be charged back")
            order, _, problem = take_back_dispute(connection, order, dispute, act.at_us)
            if problem:
                raise Refused("chargeback_refused", problem, param="amount")
            payment_store.set_order(connection, order)
            return order

        booked, _ = audit_store.once(connection, act, "payment.chargeback", id, effect, PaymentOrder)
        return booked

    return await database.write(work)
