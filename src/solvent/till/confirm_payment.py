"""Confirm a payment: the customer's browser has come back from the processor with what is left to be done."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from solvent.billing import payment_store
from solvent.billing.order import next_look
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.till.settle_order import SettledOrder, settle_order
from solvent.values.errors import Invalid, NotFound
from solvent.values.limits import RETURN_BYTES_MAX


async def confirm_payment(
    rail: str, id: str, given: Mapping[str, str], rails: Rails, database: Database, now_us: int
) -> SettledOrder:
    """given: the members of the address they came back to; believed in nothing.

    Kept before the processor is asked, so that a crash in between leaves something to finish. Raises NotFound for an
    order that this rail has not, Refused when `given` is not about it, Unavailable when nobody can know now.
    """
    returned = msgspec.json.encode(dict(given)).decode()
    if len(returned.encode()) > RETURN_BYTES_MAX:
        message = f"the address is longer than {RETURN_BYTES_MAX} bytes; come back by the link that the processor gave"
        raise Invalid("return_too_large", message)

    order = await database.read(lambda connection: payment_store.order_by_id(connection, id))
    if order.rail != rail or order.charges:
        raise NotFound("no_such_order", f"there is no payment order {id[:60]!r} to come back to", param="order")
    if order.is_paid:
        return SettledOrder(order)
    if given:
        await database.write(lambda connection: _keep(connection, id, returned, now_us))
    return await settle_order(id, rails, database, now_us)


def _keep(connection: Connection, id: str, returned: str, now_us: int) -> None:
    """Who comes back after a card was declined may have paid with another: the order is open again."""
    order = payment_store.order_by_id(connection, id)
    if not order.is_paid:
        look_us = order.look_us or next_look(0, now_us)
        opened = msgspec.structs.replace(order, state="open", returned=returned, look_us=look_us)
        payment_store.set_order(connection, opened)
