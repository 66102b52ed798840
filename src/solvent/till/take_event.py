"""Take a webhook from a payment processor: verify it, keep it once, and settle what it is about, exactly once."""

from __future__ import annotations

from collections.abc import Mapping

from solvent.billing import payment_store
from solvent.billing.payment_store import EventRecord
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.payments.port import Event
from solvent.till.settle_event import SettledEvent, settle_event
from solvent.values.errors import Refused
from solvent.values.limits import WEBHOOKS_AN_ORDER_MAX


async def take_event(
    rail: str, headers: Mapping[str, str], body: bytes, rails: Rails, database: Database, now_us: int
) -> SettledEvent:
    """headers: names in lower case.

    Raises NotFound for an unknown rail, Refused for what is forged, Invalid for what cannot be read; nothing is kept
    then. Raises Unavailable when the processor cannot be asked: it is kept, tried again, and may be sent again.
    """
    event = rails.processor(rail).read_event(headers, body, now_us)
    if event.kind == "ignored":
        return SettledEvent("ignored", event.id, why="of a kind that changes nothing")
    if not event.signed and not await database.read(lambda connection: _is_ours(connection, event)):
        # Anybody can send these, as fast as they like: they never wait for a place among the writers.
        return SettledEvent("ignored", event.id, why="it is unsigned and names no order of ours")
    noted = await database.write(lambda connection: _note(connection, rail, event, now_us))
    if noted.state != "seen":
        return SettledEvent("replayed", event.id, why=f"it came before and was {noted.state}")
    return await settle_event(noted, rails, database, now_us, event)


def _is_ours(connection: Connection, event: Event) -> bool:
    return payment_store.find_order(connection, event.order) is not None


def _note(connection: Connection, rail: str, event: Event, now_us: int) -> EventRecord:
    """Keep it. Raises Refused when too many came about one order that nobody has signed."""
    known = payment_store.event_by_id(connection, rail, event.id)
    full = not event.signed and payment_store.events_about(connection, event.order) >= WEBHOOKS_AN_ORDER_MAX
    if known is None and full:
        message = f"{rail}: more than {WEBHOOKS_AN_ORDER_MAX} webhooks came about one order; no more are taken"
        raise Refused("too_many_webhooks", message)
    record, _ = payment_store.note_event(connection, rail, event, now_us)
    return record
