"""The tables of money that goes back: refunds and disputes of payment orders."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, insert, select, update

from solvent.billing.reversal import UNDER_WAY, DisputeRecord, RefundOrder, Split
from solvent.db.tables import metadata
from solvent.values.errors import NotFound

payment_refunds = Table(
    "payment_refunds",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("order_id", "rail", "refund")),
    *(Column(name, BigInteger, nullable=False) for name in ("grains", "vat_grains", "wallet_grains", "short_grains")),
    *(Column(name, Text, nullable=False) for name in ("currency", "state", "why")),
    *(Column(name, BigInteger, nullable=False) for name in ("created_us", "done_us", "look_us", "looks")),
    Index("ix_payment_refunds_order_id", "order_id"),
    Index("ix_payment_refunds_look_us", "look_us"),
)
payment_disputes = Table(
    "payment_disputes",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("rail", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("grains", "vat_grains", "wallet_grains", "short_grains")),
    *(Column(name, Text, nullable=False) for name in ("currency", "state")),
    *(Column(name, BigInteger, nullable=False) for name in ("opened_us", "closed_us")),
)


def add_refund(connection: Connection, refund: RefundOrder) -> None:
    """Add one refund."""
    connection.execute(insert(payment_refunds).values(**msgspec.structs.asdict(refund)))


def set_refund(connection: Connection, refund: RefundOrder) -> None:
    """Write what became of a refund."""
    columns = msgspec.structs.asdict(refund)
    connection.execute(update(payment_refunds).where(payment_refunds.c.id == refund.id).values(**columns))


def refund_by_id(connection: Connection, id: str) -> RefundOrder:
    """Raises NotFound."""
    row = connection.execute(select(payment_refunds).where(payment_refunds.c.id == id)).first()
    if row is None:
        raise NotFound("no_such_refund", f"there is no refund {id[:60]!r}", param="refund")
    return RefundOrder(**row._mapping)


def refunds_of(connection: Connection, order: str) -> list[RefundOrder]:
    """The refunds of an order, oldest first."""
    chosen = select(payment_refunds).where(payment_refunds.c.order_id == order).order_by(payment_refunds.c.id)
    return [RefundOrder(**row._mapping) for row in connection.execute(chosen)]


def refunds_to_look_at(connection: Connection, now_us: int, count: int) -> list[tuple[str, str]]:
    """The rails and ids of refunds whose processor should be asked now, the longest due first."""
    chosen = (payment_refunds.c.look_us > 0, payment_refunds.c.look_us <= now_us)
    ordered = (
        select(payment_refunds.c.rail, payment_refunds.c.id)
        .where(*chosen)
        .order_by(payment_refunds.c.look_us, payment_refunds.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(ordered.limit(count))]


def put_dispute(connection: Connection, dispute: DisputeRecord, *, is_new: bool) -> None:
    """Add a dispute, or write what became of it."""
    columns = msgspec.structs.asdict(dispute)
    if is_new:
        connection.execute(insert(payment_disputes).values(**columns))
    else:
        chosen = (payment_disputes.c.order_id == dispute.order_id, payment_disputes.c.id == dispute.id)
        connection.execute(update(payment_disputes).where(*chosen).values(**columns))


def disputes_of(connection: Connection, order: str) -> list[DisputeRecord]:
    """The disputes of an order, oldest first."""
    chosen = select(payment_disputes).where(payment_disputes.c.order_id == order)
    rows = connection.execute(chosen.order_by(payment_disputes.c.opened_us, payment_disputes.c.id))
    return [DisputeRecord(**row._mapping) for row in rows]


def gone(connection: Connection, order: str) -> tuple[int, Split]:
    """What went back of an order or is on its way, in all and by its shares: refunds and lost money alike."""
    parts: list[RefundOrder | DisputeRecord] = [
        *(refund for refund in refunds_of(connection, order) if refund.state in UNDER_WAY | {"done"}),
        *(dispute for dispute in disputes_of(connection, order) if dispute.state != "won"),
    ]
    shares = Split(
        sum(part.vat_grains for part in parts),
        sum(part.wallet_grains for part in parts),
        sum(part.short_grains for part in parts),
    )
    return sum(part.grains for part in parts), shares
