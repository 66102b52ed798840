"""Settle an order: ask its processor how it stands, and bring the books to it. Safe to repeat at any time.

No transaction spans the network: what is to be done was written before, and what came of it is written after.
"""

from __future__ import annotations

import msgspec

from solvent.audit import alarm_store
from solvent.billing import payment_store
from solvent.billing.order import METHOD, PaymentOrder, due, is_given_up, next_look
from solvent.billing.payment_store import SavedMethod
from solvent.billing.rails import Rails
from solvent.billing.reconcile_store import Reconciled, reconcile
from solvent.billing.take_back_store import takes_from_wallet
from solvent.billing.wanted_store import is_wanted
from solvent.db.port import Connection, Database
from solvent.ledger.account import wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.payments.port import Payment, PaymentProcessor
from solvent.till.mismatch import mismatch
from solvent.values.errors import Refused
from solvent.values.instant import US_PER_S
from solvent.values.limits import PAYMENT_KEY_S_MAX

_FEE_LOOKS_MAX = 8  # for a fee that the processor has not told yet; its webhook tells it too


class SettledOrder(msgspec.Struct, frozen=True):
    """How an order stands, what was booked for it now, and what does not agree. payment: what the processor says."""

    order: PaymentOrder
    changes: tuple[str, ...] = ()
    problem: str = ""
    payment: Payment | None = None


async def settle_order(id: str, rails: Rails, database: Database, now_us: int, hint: str = "") -> SettledOrder:
    """hint: the processor's id of the payment, when a webhook told it.

    Raises NotFound for an unknown order or rail, Refused when what the browser brought back is not about it, and
    Unavailable when nobody can know now; then it is asked again later.
    """
    order = await database.write(lambda connection: _postpone(connection, id, now_us))
    processor = rails.processor(order.rail)
    if order.kind == METHOD and order.is_paid:
        return SettledOrder(order)  # there is nothing more to know
    if processor.is_bank:  # it knows nothing: an operator says what came
        return await database.write(lambda connection: SettledOrder(_bank_order(connection, id, now_us)))
    try:
        payment = await _ask(order, processor, database, now_us, hint)
    except Refused:
        await database.write(lambda connection: _forget_return(connection, id))
        raise
    if await database.read(lambda connection: takes_from_wallet(connection, order, payment)):
        await call_in_leases(wallet(order.customer), order.currency, database)

    def work(connection: Connection) -> SettledOrder:
        settled = reconcile(connection, rails, id, payment, now_us)
        order = _schedule(connection, settled, payment, now_us)
        if settled.problem:
            alarm_store.raise_alarms(connection, [mismatch(order.rail, order.id, settled.problem, now_us)])
        return SettledOrder(order, settled.changes, settled.problem, payment)

    return await database.write(work)


async def _ask(order: PaymentOrder, processor: PaymentProcessor, database: Database, now_us: int, hint: str) -> Payment:
    """Do what was left undone, or only look."""
    if order.is_paid or hint:
        return await processor.look_up(order.id, order.payment or order.reference or hint)
    if order.charges and order.state == "open" and now_us - order.created_us < PAYMENT_KEY_S_MAX * US_PER_S:
        saved = await database.read(lambda connection: _to_charge(connection, order))
        if saved is not None:
            return await processor.charge(due(order), saved.method)
    if order.returned:
        given = msgspec.json.decode(order.returned, type=dict[str, str])
        return await processor.confirm(due(order), order.reference, given)
    return await processor.look_up(order.id, order.payment or order.reference)


def _to_charge(connection: Connection, order: PaymentOrder) -> SavedMethod | None:
    """None for what was paid in another way since: whether this charge was made before is only looked up."""
    if not is_wanted(connection, order):
        return None
    return payment_store.method_by_id(connection, order.charges)


def _postpone(connection: Connection, id: str, now_us: int) -> PaymentOrder:
    """Before the network: should this process die there, the order is looked at again all the same."""
    order = payment_store.order_by_id(connection, id)
    if order.look_us:
        order = msgspec.structs.replace(order, look_us=next_look(order.looks, now_us), looks=order.looks + 1)
        payment_store.set_order(connection, order)
    return order


def _forget_return(connection: Connection, id: str) -> None:
    """What the browser brought back is not about this order: do not try it again."""
    order = payment_store.order_by_id(connection, id)
    payment_store.set_order(connection, msgspec.structs.replace(order, returned=""))


def _schedule(connection: Connection, settled: Reconciled, payment: Payment, now_us: int) -> PaymentOrder:
    """When to look again: while it is open, until its time is over; and for a fee that is not known yet."""
    order = settled.order
    if settled.problem:
        look_us = 0
    elif order.is_paid:
        look_us = next_look(order.looks, now_us) if payment.fee_follows and order.looks < _FEE_LOOKS_MAX else 0
    elif order.state == "open" and is_given_up(order, now_us):
        order = msgspec.structs.replace(order, state="expired", why="nobody paid it in time")
        look_us = 0
    else:
        look_us = order.look_us
    order = msgspec.structs.replace(order, look_us=look_us)
    payment_store.set_order(connection, order)
    return order


def _bank_order(connection: Connection, id: str, now_us: int) -> PaymentOrder:
    order = payment_store.order_by_id(connection, id)
    if order.state == "open" and is_given_up(order, now_us):
        order = msgspec.structs.replace(order, state="expired", why="no transfer came in time", look_us=0)
        payment_store.set_order(connection, order)
    return order
