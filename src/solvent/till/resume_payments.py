"""Resume payments: whatever a crash, a lost webhook or a silent processor has left open is asked about again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from solvent.billing import payment_store, reversal_store
from solvent.billing.payment_store import EventRecord
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.till.forget_method import forget_method
from solvent.till.settle_event import settle_event
from solvent.till.settle_order import settle_order
from solvent.till.settle_refund import settle_refund
from solvent.values.errors import SolventError, Unavailable
from solvent.values.limits import PAYMENTS_RESUMED_MAX

T = TypeVar("T")


class Resumed(msgspec.Struct, frozen=True):
    """What was looked at. changes: what was booked, in words. problems: what an operator should read."""

    looked: int = 0
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class _Due(msgspec.Struct, frozen=True):
    events: list[EventRecord]
    orders: list[tuple[str, str]]
    refunds: list[tuple[str, str]]
    methods: list[tuple[str, str]]


class _Sweep:
    """One sweep. A rail whose processor is silent is not asked again in it, however much waits there."""

    def __init__(self) -> None:
        self.looked = 0
        self.changes: list[str] = []
        self.problems: list[str] = []
        self._silent: set[str] = set()

    async def look(self, rail: str, what: str, settle: Callable[[], Awaitable[T]]) -> T | None:
        """Settle one; what fails does not keep the others waiting."""
        if rail in self._silent:
            return None
        self.looked += 1
        try:
            return await settle()
        except SolventError as wrong:
            if isinstance(wrong, Unavailable):
                self._silent.add(rail)
            self.problems.append(f"{what}: {wrong.message}")
            return None


async def resume_payments(rails: Rails, database: Database, now_us: int) -> Resumed:
    """Settle what is due for another look: webhooks, orders, refunds, removed cards. Never raises for one of them."""

    def due(connection: Connection) -> _Due:
        return _Due(
            payment_store.events_to_look_at(connection, now_us, PAYMENTS_RESUMED_MAX),
            payment_store.orders_to_look_at(connection, now_us, PAYMENTS_RESUMED_MAX),
            reversal_store.refunds_to_look_at(connection, now_us, PAYMENTS_RESUMED_MAX),
            [(one.rail, one.id) for one in payment_store.methods_to_forget(connection, now_us, PAYMENTS_RESUMED_MAX)],
        )

    waiting, sweep = await database.read(due), _Sweep()
    for record in waiting.events:
        settle = partial(settle_event, record, rails, database, now_us)
        event = await sweep.look(record.rail, f"webhook {record.id}", settle)
        if event is not None:
            sweep.changes += [f"{record.id}: {change}" for change in event.changes]
            sweep.problems += [f"webhook {record.id}: {event.why}"] if event.state == "mismatch" else []
    for rail, id in waiting.orders:
        order = await sweep.look(rail, f"order {id}", partial(settle_order, id, rails, database, now_us))
        if order is not None:
            sweep.changes += [f"{id}: {change}" for change in order.changes]
            sweep.problems += [f"order {id}: {order.problem}"] if order.problem else []
    for rail, id in waiting.refunds:
        refund = await sweep.look(rail, f"refund {id}", partial(settle_refund, id, rails, database, now_us))
        sweep.changes += [f"{id}: refunded"] if refund is not None and refund.state == "done" else []
    for rail, id in waiting.methods:
        forgotten = await sweep.look(rail, f"card {id}", partial(forget_method, id, rails, database, now_us))
        sweep.changes += [f"{id}: forgotten"] if forgotten else []
    return Resumed(sweep.looked, tuple(sweep.changes), tuple(sweep.problems))
