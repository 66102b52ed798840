"""Payments: orders, what processors told of them, saved methods, refunds, disputes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WHOLE = sa.BigInteger


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, _WHOLE, nullable=False) for name in names]


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, primary_key=True)


def upgrade() -> None:
    """Add the new tables."""
    op.create_table(
        "payment_orders",
        _key("id"),
        *_texts("customer", "purpose", "rail", "account"),
        *_wholes("grains", "vat_grains"),
        *_texts("currency", "name", "state", "charges", "saves", "return_url"),
        *_wholes("created_us", "expires_us"),
        *_texts("reference", "checkout", "returned", "payment"),
        *_wholes("paid_us", "refunded_grains", "disputed_grains", "fee_grains"),
        *_texts("fee_currency", "why"),
        *_wholes("look_us", "looks"),
    )
    op.create_index("ix_payment_orders_customer", "payment_orders", ["customer", "id"])
    op.create_index("ix_payment_orders_rail_payment", "payment_orders", ["rail", "payment"])
    op.create_index("ix_payment_orders_purpose", "payment_orders", ["purpose"])
    op.create_index("ix_payment_orders_look_us", "payment_orders", ["look_us"])
    op.create_table(
        "payment_events",
        _key("rail"),
        _key("id"),
        *_texts("kind", "order_id", "payment"),
        *_wholes("signed"),
        *_texts("amount", "state", "why"),
        *_wholes("seen_us", "settled_us", "look_us", "looks"),
    )
    op.create_index("ix_payment_events_order_id", "payment_events", ["order_id"])
    op.create_index("ix_payment_events_look_us", "payment_events", ["look_us"])
    op.create_index("ix_payment_events_state", "payment_events", ["state", "seen_us"])
    op.create_table(
        "payment_methods",
        _key("id"),
        *_texts("customer", "rail", "handle", "owner", "label"),
        *_wholes("created_us", "removed_us"),
    )
    op.create_index("uq_payment_methods_rail_handle", "payment_methods", ["rail", "handle"], unique=True)
    op.create_index("ix_payment_methods_customer", "payment_methods", ["customer"])
    _create_reversals()


def _create_reversals() -> None:
    shares = ("grains", "vat_grains", "wallet_grains", "short_grains")
    op.create_table(
        "payment_refunds",
        _key("id"),
        *_texts("order_id", "rail", "refund"),
        *_wholes(*shares),
        *_texts("currency", "state", "why"),
        *_wholes("created_us", "done_us", "look_us", "looks"),
    )
    op.create_index("ix_payment_refunds_order_id", "payment_refunds", ["order_id"])
    op.create_index("ix_payment_refunds_look_us", "payment_refunds", ["look_us"])
    op.create_table(
        "payment_disputes",
        _key("order_id"),
        _key("id"),
        *_texts("rail"),
        *_wholes(*shares),
        *_texts("currency", "state"),
        *_wholes("opened_us", "closed_us"),
    )
