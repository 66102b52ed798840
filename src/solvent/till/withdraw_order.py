"""Withdraw an order that is not paid yet: the customer does not want what waits for it any more.

A processor's checkout cannot be called back: what is paid in it after all is in the wallet. A bank's is over at once.
"""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import pack_store, payment_store, proposal_store
from solvent.billing.order import PaymentOrder
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.values.errors import Conflict, NotFound
from solvent.values.ids import CustomerId


async def withdraw_order(id: str, customer: CustomerId, rails: Rails, act: Act, database: Database) -> PaymentOrder:
    """Returns the order as it is then.

    Raises NotFound for one that is not theirs, and Conflict for one that is settled or charges a saved method.
    """

    def work(connection: Connection) -> PaymentOrder:
        def effect() -> PaymentOrder:
            order = payment_store.find_order(connection, id)
            if order is None or order.customer != customer:
                raise NotFound("no_such_order", f"there is no order {id[:60]!r}", param="order")
            if order.state != "open" or order.charges:
                message = f"order {id} is {order.state}, or is being charged; it cannot be withdrawn any more"
                raise Conflict("order_is_settled", message, param="order")
            _give_up(connection, order, act.at_us)
            if rails.processor(order.rail).is_bank:
                order = msgspec.structs.replace(order, state="expired", why="withdrawn by the customer", look_us=0)
                payment_store.set_order(connection, order)
            return order

        done, _ = once(connection, act, "payment.withdraw", id, effect, PaymentOrder)
        return done

    return await database.write(work)


def _give_up(connection: Connection, order: PaymentOrder, now_us: int) -> None:
    """What waits for the order waits no longer."""
    if order.kind == "subscription":
        proposal_store.give_up_waiting(connection, order.subject, now_us)
    elif order.kind == "pack":
        pack_store.give_up_waiting(connection, order.subject)
