"""Charge what a customer saved: a renewal, an invoice. Once for each key, whatever breaks on the way."""

from __future__ import annotations

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing import payment_store
from solvent.billing.asking import Asking
from solvent.billing.asking_store import make_order, vat_on_top
from solvent.billing.order import TOP_UP, PaymentOrder
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.till.settle_order import settle_order
from solvent.values.errors import Unavailable
from solvent.values.ids import CustomerId
from solvent.values.money import Money


async def charge_order(
    customer: CustomerId,
    purpose: str,
    amount: Money,
    name: str,
    rails: Rails,
    database: Database,
    act: Act,
    id_entropy: int,
    *,
    method: str = "",
) -> PaymentOrder:
    """purpose: "invoice:<id>" or "top_up". name: what the customer reads. method: a saved one's id; "" for the newest.

    Returns the order: paid; failed, with the bank's reason in `why`; or still open when nobody knows yet: then it is
    found out later (`resume_payments`) and must not be charged again under another key before.
    Raises NotFound when nothing is saved, and Conflict when the invoice does not ask for it, or is being charged.
    """

    def ask(connection: Connection) -> PaymentOrder:
        def effect() -> PaymentOrder:
            saved = payment_store.method_to_charge(connection, customer, method)
            vat = vat_on_top(connection, customer, amount, act.at_us) if purpose == TOP_UP else None
            asking = Asking(
                customer=customer, purpose=purpose, rail=saved.rail, amount=amount, name=name, vat=vat, charges=saved.id
            )
            return make_order(connection, rails, asking, act.at_us, id_entropy)

        order, _ = audit_store.once(connection, act, "payment.charge", customer, effect, PaymentOrder)
        return payment_store.order_by_id(connection, order.id)

    order = await database.write(ask)
    if order.state != "open":
        return order
    try:
        return (await settle_order(order.id, rails, database, act.at_us)).order
    except Unavailable:
        return await database.read(lambda connection: payment_store.order_by_id(connection, order.id))
