"""Settle a refund: have the processor send it, or find out what became of it. Safe to repeat at any time."""

from __future__ import annotations

import msgspec

from solvent.audit import alarm_store
from solvent.billing import payment_store, reversal_store
from solvent.billing.order import PaymentOrder, next_look
from solvent.billing.rails import Rails
from solvent.billing.reversal import UNDER_WAY, RefundOrder
from solvent.billing.take_back_store import refund_failed, take_back_refund
from solvent.db.port import Connection, Database
from solvent.payments.port import Refund
from solvent.till.mismatch import mismatch
from solvent.till.settle_order import settle_order
from solvent.values.errors import Refused


async def settle_refund(id: str, rails: Rails, database: Database, now_us: int) -> RefundOrder:
    """Raises NotFound; Refused when the processor will not, and then nothing is set aside any more; and Unavailable."""

    def begin(connection: Connection) -> tuple[RefundOrder, PaymentOrder, int]:
        refund = reversal_store.refund_by_id(connection, id)
        looks = refund.looks
        if refund.look_us:  # before the network: should this process die there, it is looked at again all the same
            refund = msgspec.structs.replace(refund, look_us=next_look(looks, now_us), looks=looks + 1)
            reversal_store.set_refund(connection, refund)
        return refund, payment_store.order_by_id(connection, refund.order_id), looks

    refund, order, looks = await database.write(begin)
    processor = rails.processor(refund.rail)
    if refund.state in UNDER_WAY and not processor.is_bank and (looks or refund.refund):
        # It was asked for before: what came of that is with the payment.
        await settle_order(order.id, rails, database, now_us, order.payment)
        refund = await database.read(lambda connection: reversal_store.refund_by_id(connection, id))
    if refund.state != "asked":
        return refund
    try:
        told = await processor.refund(order.payment, refund.amount, refund.id, refund.why)
    except Refused as no:
        why = no.message
        await database.write(lambda connection: _fail(connection, id, why, now_us))
        raise
    return await database.write(lambda connection: _take(connection, id, told, now_us, is_bank=processor.is_bank))


def _fail(connection: Connection, id: str, why: str, now_us: int) -> None:
    refund = reversal_store.refund_by_id(connection, id)
    if refund.state in UNDER_WAY:
        order = payment_store.order_by_id(connection, refund.order_id)
        refund_failed(connection, order, refund, why, now_us)
        # Perhaps because somebody else gave it back: then that could not be booked while this was set aside.
        payment_store.set_order(connection, msgspec.structs.replace(order, look_us=next_look(0, now_us), looks=0))


def _take(connection: Connection, id: str, told: Refund, now_us: int, *, is_bank: bool) -> RefundOrder:
    order = payment_store.order_by_id(connection, reversal_store.refund_by_id(connection, id).order_id)
    order, _, problem = take_back_refund(connection, order, told, now_us)
    if problem:
        order = msgspec.structs.replace(order, why=problem)
        alarm_store.raise_alarms(connection, [mismatch(order.rail, order.id, problem, now_us)])
    payment_store.set_order(connection, order)
    refund = reversal_store.refund_by_id(connection, id)
    if is_bank and refund.state in UNDER_WAY:  # an operator says when it was sent
        refund = msgspec.structs.replace(refund, look_us=0)
        reversal_store.set_refund(connection, refund)
    return refund
