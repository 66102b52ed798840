"""Open the checkout of an order: where and how the customer pays. Asked again, it gives the same one."""

from __future__ import annotations

import msgspec

from solvent.billing import payment_store
from solvent.billing.order import PaymentOrder, due
from solvent.billing.rails import Rails
from solvent.billing.wanted_store import is_wanted
from solvent.db.port import Connection, Database
from solvent.payments.port import Checkout
from solvent.values.errors import Conflict


class Opened(msgspec.Struct, frozen=True):
    """An order and how it is paid; `checkout` is None once it cannot or need not be paid any more, as an invoice that
    was paid in another way."""

    order: PaymentOrder
    checkout: Checkout | None


async def open_checkout(id: str, rails: Rails, database: Database) -> Opened:
    """Raises NotFound, Refused when the processor will not have it, and Unavailable when it cannot be asked now."""

    def read(connection: Connection) -> tuple[PaymentOrder, bool, str]:
        order = payment_store.order_by_id(connection, id)
        saved = payment_store.methods_of(connection, order.customer)
        owner = next((method.owner for method in saved if method.rail == order.rail), "")
        return order, order.state == "open" and is_wanted(connection, order), owner

    order, is_payable, owner = await database.read(read)
    if order.charges:
        raise Conflict("order_is_charged", f"order {id} charges a saved method; it has no checkout")
    if not is_payable:
        return Opened(order, None)
    if order.checkout:
        return Opened(order, msgspec.json.decode(order.checkout, type=Checkout))
    checkout = await rails.processor(order.rail).begin(due(order, owner))

    def keep(connection: Connection) -> tuple[PaymentOrder, bool]:
        known = payment_store.order_by_id(connection, id)
        kept = msgspec.structs.replace(
            known, reference=checkout.reference, checkout=msgspec.json.encode(checkout).decode()
        )
        payment_store.set_order(connection, kept)
        return kept, kept.state == "open" and is_wanted(connection, kept)

    order, is_payable = await database.write(keep)  # much may have happened while the processor was asked
    return Opened(order, checkout if is_payable else None)
