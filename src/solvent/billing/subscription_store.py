"""The tables of subscriptions, and of the terms they were on earlier in a period that changed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, and_, bindparam, func, or_, select, text

from solvent.billing.subscription import Subscription, SubscriptionId
from solvent.db.append import append_rows
from solvent.db.tables import metadata, partial_index
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId

_TEXTS: Final = frozenset(
    {"id", "customer", "plan", "state", "pays", "time_zone", "coupon", "next_plan", "invoice"}
)  # fmt: skip
_IS_CURRENT: Final = "state <> 'waiting' AND state <> 'canceled'"

subscriptions = Table(
    "subscriptions",
    metadata,
    *(
        Column(name, Text if name in _TEXTS else BigInteger, nullable=False, primary_key=name == "id")
        for name in Subscription.__struct_fields__
    ),
    Index("ix_subscriptions_customer", "customer"),
    Index("ix_subscriptions_state_period_end_us", "state", "period_end_us"),
    Index("ix_subscriptions_invoice", "invoice"),
    # One that is current for each customer, whatever happens at the same time.
    partial_index("uq_subscriptions_current", "customer", unique=True, where=_IS_CURRENT),
)


class Spell(msgspec.Struct, frozen=True):
    """Terms that held for a part of a period, until others came. Its fields are the columns of `spells`.

    from_us: since when. seats, price_grains: see `Subscription`.
    """

    subscription: SubscriptionId
    period_start_us: int
    from_us: int
    plan: str
    version: int
    seats: int
    price_grains: int


spells = Table(
    "spells",
    metadata,
    Column("subscription", Text, primary_key=True),
    Column("period_start_us", BigInteger, primary_key=True),
    Column("from_us", BigInteger, primary_key=True),
    Column("plan", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("seats", BigInteger, nullable=False),
    Column("price_grains", BigInteger, nullable=False),
)

_CURRENT_OF: Final = select(subscriptions).where(
    subscriptions.c.customer.in_(bindparam("customers", expanding=True)), text(_IS_CURRENT)
)
_SPELLS_OF: Final = (
    select(spells).where(spells.c.subscription.in_(bindparam("subscriptions", expanding=True)))
    .order_by(spells.c.from_us)
)  # fmt: skip
_PUT: Final = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Subscription.__struct_fields__[1:]
)
# Terms that held for no time at all are replaced by those that came in the same instant.
_PUT_SPELL: Final = "ON CONFLICT (subscription, period_start_us, from_us) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Spell.__struct_fields__[3:]
)


def put(connection: Connection, changed: Iterable[Subscription]) -> None:
    """Add subscriptions, or change known ones. Those that end come first, so that others may take their place."""
    rows = sorted(changed, key=lambda row: row.state != "canceled")
    ending = [row for row in rows if row.state == "canceled"]
    append_rows(connection, subscriptions, map(msgspec.structs.astuple, ending), _PUT)
    append_rows(connection, subscriptions, map(msgspec.structs.astuple, rows[len(ending) :]), _PUT)


def by_id(connection: Connection, id: str) -> Subscription:
    """A subscription. Raises NotFound."""
    row = connection.execute(select(subscriptions).where(subscriptions.c.id == id)).first()
    if row is None:
        message = f"there is no subscription {id[:60]!r}"
        raise NotFound("no_such_subscription", message, param="subscription")
    return _read(row)


def current(connection: Connection, customer: CustomerId) -> Subscription | None:
    """The one subscription a customer has now; None for whoever has none."""
    found = current_of(connection, (customer,))
    return found.get(customer)


def current_of(connection: Connection, customers: Sequence[CustomerId]) -> dict[CustomerId, Subscription]:
    """The current subscriptions of some customers."""
    found = (_read(row) for row in connection.execute(_CURRENT_OF, {"customers": list(customers)}))
    return {subscription.customer: subscription for subscription in found}


def demand_current(connection: Connection, customer: CustomerId) -> Subscription:
    """The one subscription a customer has now. Raises NotFound for whoever has none."""
    found = current(connection, customer)
    if found is None:
        message = f"customer {customer[:60]!r} is on no plan; subscribe first"
        raise NotFound("no_subscription", message, param="customer")
    return found


def history(connection: Connection, customer: CustomerId) -> list[Subscription]:
    """Every subscription a customer ever had or asked for, newest first."""
    mine = select(subscriptions).where(subscriptions.c.customer == customer)
    return [_read(row) for row in connection.execute(mine.order_by(subscriptions.c.id.desc()))]


def running_between(
    connection: Connection, customers: Sequence[CustomerId], from_us: int, until_us: int
) -> list[Subscription]:  # fmt: skip
    """The subscriptions of some customers that ran at some time in [from_us, until_us), in the order of their start."""
    among = and_(
        subscriptions.c.customer.in_(customers), subscriptions.c.state != "waiting",
        subscriptions.c.started_us < until_us, subscriptions.c.ended_us > from_us,
    )  # fmt: skip
    rows = connection.execute(select(subscriptions).where(among).order_by(subscriptions.c.started_us))
    return [_read(row) for row in rows]


def count_of(connection: Connection, customer: CustomerId) -> int:
    """How many subscriptions a customer ever had or asked for."""
    mine = select(func.count()).select_from(subscriptions).where(subscriptions.c.customer == customer)
    return int(connection.execute(mine).scalar_one())


def had_trial(connection: Connection, customer: CustomerId) -> bool:
    """Whether a customer has had a trial, of whatever plan: there is one for each."""
    mine = and_(subscriptions.c.customer == customer, subscriptions.c.trial_end_us > 0)
    return connection.execute(select(subscriptions.c.id).where(mine).limit(1)).first() is not None


def left_at(connection: Connection, customer: CustomerId, plan: str, at_us: int) -> Subscription | None:
    """The last subscription to a plan that cost nothing and ended, if its period is not over at an instant."""
    mine = and_(
        subscriptions.c.customer == customer, subscriptions.c.plan == plan, subscriptions.c.state == "canceled",
        subscriptions.c.price_grains == 0, subscriptions.c.number >= 0, subscriptions.c.period_start_us <= at_us,
        subscriptions.c.period_end_us > at_us,
    )  # fmt: skip
    order = (subscriptions.c.ended_us.desc(), subscriptions.c.id.desc())
    row = connection.execute(select(subscriptions).where(mine).order_by(*order).limit(1)).first()
    return None if row is None else _read(row)


def due(connection: Connection, now_us: int, count: int) -> list[Subscription]:
    """Subscriptions whose period is over, the longest first; see `subscription.is_due`."""
    state = or_(subscriptions.c.state == "active", subscriptions.c.state == "trialing")
    chosen = select(subscriptions).where(state, subscriptions.c.period_end_us <= now_us)
    rows = connection.execute(chosen.order_by(subscriptions.c.period_end_us, subscriptions.c.id).limit(count))
    return [_read(row) for row in rows]


def of_invoice(connection: Connection, invoice: str) -> Subscription | None:
    """The subscription that waits for this invoice to be paid."""
    row = connection.execute(select(subscriptions).where(subscriptions.c.invoice == invoice)).first()
    return None if row is None else _read(row)


def count_on(connection: Connection) -> dict[tuple[str, int], int]:
    """How many customers are on each version of each plan."""
    keys = (subscriptions.c.plan, subscriptions.c.version)
    rows = connection.execute(select(*keys, func.count()).where(text(_IS_CURRENT)).group_by(*keys))
    return {(row[0], row[1]): row[2] for row in rows}


def on_version(connection: Connection, plan: str, before: int, after: str, count: int) -> list[Subscription]:
    """Current subscriptions on a version of a plan below one, by id, after an id."""
    mine = and_(subscriptions.c.plan == plan, subscriptions.c.version < before, subscriptions.c.id > after)
    chosen = select(subscriptions).where(mine, text(_IS_CURRENT)).order_by(subscriptions.c.id).limit(count)
    return [_read(row) for row in connection.execute(chosen)]


def add_spell(connection: Connection, before: Subscription) -> None:
    """Remember the terms a subscription was on until now, in a period that goes on."""
    spell = Spell(
        before.id, before.period_start_us, before.changed_us, before.plan, before.version, before.seats,
        before.price_grains,
    )  # fmt: skip
    append_rows(connection, spells, [msgspec.structs.astuple(spell)], _PUT_SPELL)


def spells_of(connection: Connection, subscription: Subscription) -> list[Spell]:
    """The terms of the period so far, in the order of time; the last are those that hold now."""
    return spells_of_all(connection, (subscription,))[subscription.id]


def spells_of_all(
    connection: Connection, of: Sequence[Subscription]
) -> dict[SubscriptionId, list[Spell]]:  # fmt: skip
    """The same of each of some subscriptions."""
    found: dict[SubscriptionId, list[Spell]] = {one.id: [] for one in of}
    now = {one.id: one for one in of}
    rows = connection.execute(_SPELLS_OF, {"subscriptions": list(found)})
    for spell in (Spell(*row) for row in rows):
        current = now[spell.subscription]
        if spell.period_start_us == current.period_start_us and spell.from_us < current.changed_us:
            found[spell.subscription].append(spell)
    for one in of:
        found[one.id].append(
            Spell(
                one.id, one.period_start_us, one.changed_us, one.plan, one.version, one.seats, one.price_grains
            )
        )  # fmt: skip
    return found


def _read(row: Any) -> Subscription:
    return Subscription(**dict(zip(Subscription.__struct_fields__, row, strict=True)))
