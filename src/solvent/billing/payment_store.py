"""The tables of payments: orders, what processors told of them, and what customers saved to pay with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)

from solvent.billing.order import OrderState, PaymentOrder, next_look, words_of
from solvent.db.tables import metadata
from solvent.payments.port import Event, Method
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId

# seen: not settled yet, tried again. mismatch: does not agree with its order; an operator must look.
EventState = Literal["seen", "applied", "mismatch"]

payment_orders = Table(
    "payment_orders",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("customer", "purpose", "rail", "account")),
    *(Column(name, BigInteger, nullable=False) for name in ("grains", "vat_grains")),
    *(Column(name, Text, nullable=False) for name in ("currency", "name", "state", "charges", "saves", "return_url")),
    *(Column(name, BigInteger, nullable=False) for name in ("created_us", "expires_us")),
    *(Column(name, Text, nullable=False) for name in ("reference", "checkout", "returned", "payment")),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("paid_us", "refunded_grains", "disputed_grains", "fee_grains")
    ),
    *(Column(name, Text, nullable=False) for name in ("fee_currency", "why")),
    *(Column(name, BigInteger, nullable=False) for name in ("look_us", "looks")),
    Index("ix_payment_orders_customer", "customer", "id"),
    Index("ix_payment_orders_rail_payment", "rail", "payment"),
    Index("ix_payment_orders_purpose", "purpose"),
    Index("ix_payment_orders_look_us", "look_us"),
)
payment_events = Table(
    "payment_events",
    metadata,
    Column("rail", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("kind", "order_id", "payment")),
    Column("signed", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("amount", "state", "why")),
    *(Column(name, BigInteger, nullable=False) for name in ("seen_us", "settled_us", "look_us", "looks")),
    Index("ix_payment_events_order_id", "order_id"),
    Index("ix_payment_events_look_us", "look_us"),
    Index("ix_payment_events_state", "state", "seen_us"),
)
payment_methods = Table(
    "payment_methods",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("customer", "rail", "handle", "owner", "label")),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("created_us", "removed_us", "forgotten_us", "look_us", "looks")
    ),
    Index("uq_payment_methods_rail_handle", "rail", "handle", unique=True),
    Index("ix_payment_methods_customer", "customer"),
    Index("ix_payment_methods_look_us", "look_us"),
)


class EventRecord(msgspec.Struct, frozen=True):
    """One webhook as kept. Its fields are the columns of `payment_events`, in their order.

    signed: 1 when it was proven to be the processor's. amount: what it said was paid, for people.
    settled_us: when it was applied or found not to agree; 0 before.
    """

    rail: str
    id: str
    kind: str
    order_id: str
    payment: str
    signed: int
    amount: str
    state: EventState
    why: str
    seen_us: int
    settled_us: int = 0
    look_us: int = 0
    looks: int = 0


class SavedMethod(msgspec.Struct, frozen=True):
    """Something to charge. Its fields are the columns of `payment_methods`, in their order.

    handle, owner: good only together with our key at the processor; never shown. removed_us: 0 while good.
    forgotten_us: when the processor forgot it too; 0 before. look_us: when to ask it to, 0 for never; looks: how often
    that was done.
    """

    id: str
    customer: CustomerId
    rail: str
    handle: str
    owner: str
    label: str
    created_us: int
    removed_us: int = 0
    forgotten_us: int = 0
    look_us: int = 0
    looks: int = 0

    @property
    def method(self) -> Method:
        """As its processor knows it."""
        return Method(self.handle, self.owner, self.label)

    def __repr__(self) -> str:
        return f"SavedMethod({self.id!r}, {self.label!r})"


_ORDER = select(payment_orders).where(payment_orders.c.id == bindparam("order"))
_SET_ORDER = update(payment_orders).where(payment_orders.c.id == bindparam("order"))


def add_order(connection: Connection, order: PaymentOrder) -> None:
    """Add one order."""
    connection.execute(insert(payment_orders).values(**msgspec.structs.asdict(order)))


def set_order(connection: Connection, order: PaymentOrder) -> None:
    """Write what became of an order."""
    connection.execute(_SET_ORDER, {"order": order.id} | msgspec.structs.asdict(order))


def order_by_id(connection: Connection, id: str) -> PaymentOrder:
    """Raises NotFound."""
    found = find_order(connection, id)
    if found is None:
        raise NotFound("no_such_order", f"there is no payment order {id[:60]!r}", param="order")
    return found


def find_order(connection: Connection, id: str) -> PaymentOrder | None:
    """The order of an id, if there is one."""
    row = connection.execute(_ORDER, {"order": id}).first()
    return PaymentOrder(**row._mapping) if row else None


def order_by_payment(connection: Connection, rail: str, payment: str) -> PaymentOrder | None:
    """The order that a processor's payment paid."""
    if not payment:
        return None
    chosen = (payment_orders.c.rail == rail, payment_orders.c.payment == payment)
    row = connection.execute(select(payment_orders).where(*chosen)).first()
    return PaymentOrder(**row._mapping) if row else None


def orders_for(connection: Connection, purpose: str) -> list[PaymentOrder]:
    """Every order for one purpose, oldest first."""
    chosen = payment_orders.c.purpose == purpose
    return _orders(connection.execute(select(payment_orders).where(chosen).order_by(payment_orders.c.id)))


def orders_page(
    connection: Connection, customer: CustomerId | None, before: str, count: int, state: OrderState | None = None
) -> list[PaymentOrder]:
    """Up to `count` orders, newest first, of one customer or of all, in one state or in any; those with ids before one,
    or all for ""."""
    chosen = select(payment_orders).order_by(payment_orders.c.id.desc()).limit(count)
    if customer is not None:
        chosen = chosen.where(payment_orders.c.customer == customer)
    if state is not None:
        chosen = chosen.where(payment_orders.c.state == state)
    if before:
        chosen = chosen.where(payment_orders.c.id < before)
    return _orders(connection.execute(chosen))


def orders_to_look_at(connection: Connection, now_us: int, count: int) -> list[tuple[str, str]]:
    """The rails and ids of orders whose processor should be asked now, the longest due first."""
    chosen = (payment_orders.c.look_us > 0, payment_orders.c.look_us <= now_us)
    ordered = (
        select(payment_orders.c.rail, payment_orders.c.id)
        .where(*chosen)
        .order_by(payment_orders.c.look_us, payment_orders.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(ordered.limit(count))]


def charged_back(connection: Connection, customers: Sequence[CustomerId]) -> set[CustomerId]:
    """Of these customers those whose bank took money back, or is about to."""
    theirs = (payment_orders.c.customer.in_(customers), payment_orders.c.disputed_grains > 0)
    chosen = select(payment_orders.c.customer).where(*theirs).distinct()
    return {CustomerId(customer) for customer in connection.execute(chosen).scalars()}


def _orders(rows: Any) -> list[PaymentOrder]:
    return [PaymentOrder(**row._mapping) for row in rows]


def note_event(connection: Connection, rail: str, event: Event, now_us: int) -> tuple[EventRecord, bool]:
    """Keep a webhook, once, and tell whether it is new."""
    known = event_by_id(connection, rail, event.id)
    if known is not None:
        return known, False
    amount = words_of(event.amount) if event.amount else ""
    record = EventRecord(
        rail, event.id, event.kind, event.order, event.payment, int(event.signed), amount, "seen", "", now_us,
        look_us=next_look(0, now_us),
    )  # fmt: skip
    connection.execute(insert(payment_events).values(**msgspec.structs.asdict(record)))
    return record, True


def event_by_id(connection: Connection, rail: str, id: str) -> EventRecord | None:
    """A webhook that came before."""
    chosen = (payment_events.c.rail == rail, payment_events.c.id == id)
    row = connection.execute(select(payment_events).where(*chosen)).first()
    return EventRecord(*row) if row else None


def set_event(connection: Connection, event: EventRecord) -> None:
    """Write what became of a webhook."""
    chosen = (payment_events.c.rail == event.rail, payment_events.c.id == event.id)
    connection.execute(update(payment_events).where(*chosen).values(**msgspec.structs.asdict(event)))


def events_about(connection: Connection, order: str) -> int:
    """How many webhooks about an order are kept."""
    chosen = select(func.count()).select_from(payment_events).where(payment_events.c.order_id == order)
    return int(connection.execute(chosen).scalar_one())


def events_to_look_at(connection: Connection, now_us: int, count: int) -> list[EventRecord]:
    """Webhooks that were seen and not applied, and should be tried again now."""
    chosen = (payment_events.c.look_us > 0, payment_events.c.look_us <= now_us)
    ordered = select(payment_events).where(*chosen).order_by(payment_events.c.look_us, payment_events.c.id)
    return [EventRecord(*row) for row in connection.execute(ordered.limit(count))]


def mismatches(connection: Connection, count: int, before: tuple[int, str, str] | None = None) -> list[EventRecord]:
    """Webhooks that did not agree with their orders, newest first: an operator must look at them.

    before: only those after this one in the list, by when it was seen, its rail and its id.
    """
    order = (payment_events.c.seen_us, payment_events.c.rail, payment_events.c.id)
    chosen = select(payment_events).where(payment_events.c.state == "mismatch").limit(count)
    if before is not None:
        chosen = chosen.where(tuple_(*order) < before)
    rows = connection.execute(chosen.order_by(*(column.desc() for column in order)))
    return [EventRecord(*row) for row in rows]


def save_method(connection: Connection, saved: SavedMethod) -> SavedMethod:
    """Keep something to charge; one that is known is good again, and keeps its id. Returns it as it is kept."""
    known = find_method(connection, saved.rail, saved.handle)
    if known is None:
        connection.execute(insert(payment_methods).values(**msgspec.structs.asdict(saved)))
        return saved
    if known.customer != saved.customer:
        return known  # another's: never handed over
    kept = msgspec.structs.replace(saved, id=known.id)
    set_method(connection, kept)
    return kept


def methods_of(connection: Connection, customer: CustomerId) -> list[SavedMethod]:
    """What can be charged of a customer, the newest first: that one is charged when none is named."""
    chosen = (payment_methods.c.customer == customer, payment_methods.c.removed_us == 0)
    ordered = (payment_methods.c.created_us.desc(), payment_methods.c.id.desc())
    return [SavedMethod(*row) for row in connection.execute(select(payment_methods).where(*chosen).order_by(*ordered))]


def remove_methods(connection: Connection, customer: CustomerId, now_us: int) -> None:
    """Remove all of a customer's: nothing is charged to them any more, and their processors are told to forget them."""
    for saved in methods_of(connection, customer):
        set_method(connection, msgspec.structs.replace(saved, removed_us=now_us, look_us=now_us, looks=0))


def method_to_charge(connection: Connection, customer: CustomerId, id: str = "") -> SavedMethod:
    """The customer's method of an id, or their newest. Raises NotFound when there is none."""
    for saved in methods_of(connection, customer):
        if not id or saved.id == id:
            return saved
    named = f"no saved method {id[:60]!r}" if id else "nothing saved to pay with"
    raise NotFound("no_saved_method", f"the customer has {named}; let them save a card first", param="method")


def method_by_id(connection: Connection, id: str) -> SavedMethod:
    """A method that an order charges, even one that was removed since. Raises NotFound."""
    row = connection.execute(select(payment_methods).where(payment_methods.c.id == id)).first()
    if row is None:
        raise NotFound("no_saved_method", f"there is no saved method {id[:60]!r}", param="method")
    return SavedMethod(*row)


def find_method(connection: Connection, rail: str, handle: str) -> SavedMethod | None:
    """What a processor calls so, even if it was removed since."""
    chosen = (payment_methods.c.rail == rail, payment_methods.c.handle == handle)
    row = connection.execute(select(payment_methods).where(*chosen)).first()
    return None if row is None else SavedMethod(*row)


def set_method(connection: Connection, saved: SavedMethod) -> None:
    """Write what became of it."""
    values = msgspec.structs.asdict(saved)
    connection.execute(update(payment_methods).where(payment_methods.c.id == saved.id).values(**values))


def methods_to_forget(connection: Connection, now_us: int, count: int, id: str = "") -> list[SavedMethod]:
    """Removed ones whose processor is to be told now; those that an open order charges wait for its end.

    id: only that one; "" for any.
    """
    charging = select(payment_orders.c.id).where(
        payment_orders.c.charges == payment_methods.c.id, payment_orders.c.state == "open"
    )
    due = (payment_methods.c.look_us > 0, payment_methods.c.look_us <= now_us, ~charging.exists())
    ordered = select(payment_methods).where(*due).order_by(payment_methods.c.look_us, payment_methods.c.id)
    if id:
        ordered = ordered.where(payment_methods.c.id == id)
    return [SavedMethod(*row) for row in connection.execute(ordered.limit(count))]
