"""Settle a webhook that was kept: find its order, ask the processor, book what is true, and say how it ended.

What a webhook says is never booked. It is compared: one that does not agree is kept for an operator to look at.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Literal

import msgspec

from solvent.audit import alarm_store
from solvent.billing import payment_store
from solvent.billing.order import PaymentOrder, next_look, words_of
from solvent.billing.payment_store import EventRecord, EventState
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.payments.port import Event, Payment
from solvent.till.mismatch import mismatch
from solvent.till.settle_order import SettledOrder, settle_order
from solvent.values.errors import SolventError

# ignored: about nothing of ours. replayed: it came before, and had its effect then.
Ending = Literal["applied", "seen", "mismatch", "ignored", "replayed"]
_LOOKS_MAX = 40  # of an event whose processor does not confirm it: a day and more


class SettledEvent(msgspec.Struct, frozen=True):
    """How a webhook ended. order: as it stands, if there is one. changes: what was booked. why: for the log."""

    state: Ending
    event: str
    order: PaymentOrder | None = None
    changes: tuple[str, ...] = ()
    why: str = ""


async def settle_event(
    record: EventRecord, rails: Rails, database: Database, now_us: int, event: Event | None = None
) -> SettledEvent:
    """event: what was read, when it has just come; later only the processor is asked.

    Raises what `settle_order` raises, such as Unavailable; the webhook stays seen then, and is tried again.
    """
    try:
        settled = await _look(record, rails, database, now_us)
    except SolventError as wrong:
        await _end(record, "seen", wrong.message, database, now_us)
        raise
    if isinstance(settled, str):
        state: EventState = "applied" if not settled else "mismatch"
        await _end(record, state, settled, database, now_us)
        return SettledEvent("ignored" if not settled else "mismatch", record.id, why=settled)
    record = msgspec.structs.replace(record, order_id=settled.order.id)  # it may have named only the payment
    problem = settled.problem or (_disagreement(event, settled.payment) if event else "")
    unconfirmed = record.kind == "paid" and record.amount and not settled.order.is_paid
    if problem:
        state, why = "mismatch", problem
    elif unconfirmed and record.signed and record.looks < _LOOKS_MAX:
        state, why = "seen", "the processor does not say so yet"
    else:
        state, why = ("mismatch", "the processor does not say so") if unconfirmed else ("applied", "")
    await _end(record, state, why, database, now_us)
    return SettledEvent(state, record.id, settled.order, settled.changes, why)


async def _look(record: EventRecord, rails: Rails, database: Database, now_us: int) -> SettledOrder | str:
    """The order, settled; or why there is none, "" when it is about nothing of ours."""
    order = await database.read(lambda connection: _find(connection, record))
    if order is None and record.payment:
        # A refund or a dispute names only the payment, and may come before we know what it paid.
        payment = await rails.processor(record.rail).look_up("", record.payment)
        if not payment.order:
            return ""
        order = await database.read(lambda connection: payment_store.find_order(connection, payment.order))
    if order is None:
        return f"there is no order {record.order_id or 'for it'}" if record.order_id or record.payment else ""
    if order.rail != record.rail:
        return f"order {order.id} is paid over {order.rail}, and this came over {record.rail}"
    return await settle_order(order.id, rails, database, now_us, record.payment or order.id)


def _find(connection: Connection, record: EventRecord) -> PaymentOrder | None:
    if record.order_id:
        return payment_store.find_order(connection, record.order_id)
    return payment_store.order_by_payment(connection, record.rail, record.payment)


def _disagreement(event: Event, payment: Payment | None) -> str:
    """Where a webhook and its processor do not say the same; "" where they do."""
    if payment is None:
        return ""
    if event.proof is not None and not (event.proof and compare_digest(event.proof.encode(), payment.proof.encode())):
        return "its secret is not the payment's"
    if event.amount is not None and payment.state == "paid" and payment.amount != event.amount:
        said = words_of(payment.amount) if payment.amount else "nothing"
        return f"it says {words_of(event.amount)} were paid, and the processor says {said}"
    return ""


async def _end(record: EventRecord, state: EventState, why: str, database: Database, now_us: int) -> None:
    again = next_look(record.looks, now_us) if state == "seen" else 0
    settled = msgspec.structs.replace(
        record, state=state, why=why, settled_us=0 if again else now_us, look_us=again, looks=record.looks + 1
    )

    def work(connection: Connection) -> None:
        payment_store.set_event(connection, settled)
        if state == "mismatch":
            alarm_store.raise_alarms(connection, [mismatch(record.rail, record.order_id, why, now_us)])

    await database.write(work)
