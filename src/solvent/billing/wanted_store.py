"""Whether what a payment order was made for still waits for it: what is paid already is not to be paid twice."""

from __future__ import annotations

from sqlalchemy import Connection

from solvent.billing import pack_store, subscription_store
from solvent.billing.asking_store import due_of
from solvent.billing.order import INVOICE, PaymentOrder


def is_wanted(connection: Connection, order: PaymentOrder) -> bool:
    """Of an invoice: whether it still asks for all of it; of a plan or pack: whether it waits. Of all else: always."""
    if order.kind == INVOICE:
        return 0 < order.grains <= due_of(connection, order.customer, order.subject).grains
    if order.kind == "subscription":
        return subscription_store.by_id(connection, order.subject).state == "waiting"
    return order.kind != "pack" or pack_store.by_id(connection, order.subject).state == "waiting"
