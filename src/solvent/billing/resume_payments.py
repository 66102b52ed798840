"""Resume payments: whatever a crash, a lost webhook or a silent processor has left open is asked about again."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from solvent.billing import payment_store, reversal_store
from solvent.billing.rails import Rails
from solvent.billing.settle_event import settle_event
from solvent.billing.settle_order import settle_order
from solvent.billing.settle_refund import settle_refund
from solvent.db.port import Connection, Database
from solvent.values.errors import SolventError
from solvent.values.limits import PAYMENTS_RESUMED_MAX

T = TypeVar("T")


class Resumed(msgspec.Struct, frozen=True):
    """What was looked at. changes: what was booked, in words. problems: what an operator should read."""

    looked: int = 0
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


async def resume_payments(rails: Rails, database: Database, now_us: int) -> Resumed:
    """Settle what is due for another look: webhooks first, then orders, then refunds. Never raises for one of them."""

    def due(connection: Connection) -> tuple[list[payment_store.EventRecord], list[str], list[str]]:
        return (
            payment_store.events_to_look_at(connection, now_us, PAYMENTS_RESUMED_MAX),
            payment_store.orders_to_look_at(connection, now_us, PAYMENTS_RESUMED_MAX),
            reversal_store.refunds_to_look_at(connection, now_us, PAYMENTS_RESUMED_MAX),
        )

    events, orders, refunds = await database.read(due)
    changes: list[str] = []
    problems: list[str] = []
    for record in events:
        event = await _tried(settle_event(record, rails, database, now_us), f"webhook {record.id}", problems)
        if event is not None:
            changes += [f"{record.id}: {change}" for change in event.changes]
            problems += [f"webhook {record.id}: {event.why}"] if event.state == "mismatch" else []
    for id in orders:
        order = await _tried(settle_order(id, rails, database, now_us), f"order {id}", problems)
        if order is not None:
            changes += [f"{id}: {change}" for change in order.changes]
            problems += [f"order {id}: {order.problem}"] if order.problem else []
    for id in refunds:
        refund = await _tried(settle_refund(id, rails, database, now_us), f"refund {id}", problems)
        if refund is not None:
            changes += [f"{id}: refunded"] if refund.state == "done" else []
    return Resumed(len(events) + len(orders) + len(refunds), tuple(changes), tuple(problems))


async def _tried(work: Awaitable[T], what: str, problems: list[str]) -> T | None:
    """One that fails does not keep the others waiting."""
    try:
        return await work
    except SolventError as wrong:
        problems.append(f"{what}: {wrong.message}")
        return None
