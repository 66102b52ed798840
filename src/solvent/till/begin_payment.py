"""Begin a payment: make its order, once for each key, and open its checkout."""

from __future__ import annotations

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing.asking import Asking
from solvent.billing.asking_store import make_order
from solvent.billing.order import PaymentOrder
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.till.open_checkout import Opened, open_checkout


async def begin_payment(asking: Asking, rails: Rails, database: Database, act: Act, id_entropy: int) -> Opened:
    """Asked again with the same key, it gives the same order and checkout, and nothing is asked twice.

    Raises what `make_order` and `open_checkout` raise.
    """

    def ask(connection: Connection) -> PaymentOrder:
        def effect() -> PaymentOrder:
            return make_order(connection, rails, asking, act.at_us, id_entropy)

        order, _ = audit_store.once(connection, act, "payment.begin", asking.customer, effect, PaymentOrder)
        return order

    order = await database.write(ask)
    return await open_checkout(order.id, rails, database)
