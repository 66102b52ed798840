"""Plans with their versions, subscriptions, quotas, packs, coupons, budgets and seats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_WHOLE = sa.BigInteger
_IS_CURRENT = sa.text("state <> 'waiting' AND state <> 'canceled'")


def upgrade() -> None:
    """Add the new tables."""
    op.create_table(
        "plan_versions",
        *_keys("name"),
        sa.Column("version", _WHOLE, primary_key=True),
        *_wholes("published_us"),
        *_texts("source", "digest"),
        *_wholes("withdrawn_us", "moves_us"),
        sa.Column("terms", sa.LargeBinary, nullable=False),
    )
    _create_subscriptions()
    op.create_table(
        "quotas",
        *_keys("account"),
        *_texts("unit", "customer", "kind", "source", "place"),
        *_wholes("number"),
        *_texts("classes"),
        *_wholes("opens_us", "expires_us", "issued", "roll_most", "rolled", "moves"),
        *_texts("state"),
    )
    op.create_index("ix_quotas_source", "quotas", ["source"])
    op.create_index("ix_quotas_customer", "quotas", ["customer"])
    op.create_index("ix_quotas_state_expires_us", "quotas", ["state", "expires_us"])
    op.create_table(
        "pack_purchases",
        *_keys("id"),
        *_texts("customer", "plan"),
        *_wholes("version"),
        *_texts("pack", "state", "account", "invoice"),
        *_wholes("asked_us", "expires_us"),
    )
    op.create_index("ix_pack_purchases_customer", "pack_purchases", ["customer"])
    op.create_table(
        "coupons",
        *_keys("code"),
        *_texts("what"),
        *_wholes("permille", "grains"),
        *_texts("currency"),
        *_wholes("periods", "valid_days", "from_us", "until_us", "redemptions_most"),
        *_texts("plans"),
    )
    op.create_table("redemptions", *_keys("coupon", "customer"), *_wholes("at_us", "periods_left"))
    op.create_index("ix_redemptions_customer", "redemptions", ["customer"])
    op.create_table("budgets", *_keys("scope", "every", "unit"), *_wholes("amount", "alert_permille", "hard"))
    op.create_table("seats", *_keys("customer", "user"), *_wholes("since_us"))


def _create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        *_keys("id"),
        *_texts("customer", "plan"),
        *_wholes("version"),
        *_texts("state", "pays", "time_zone"),
        *_wholes("anchor_us", "number", "period_start_us", "period_end_us", "seats"),
        *_texts("coupon"),
        *_wholes("price_grains", "changed_us"),
        *_texts("next_plan"),
        *_wholes("next_version", "next_seats", "cancel_at_end"),
        *_texts("invoice"),
        *_wholes("usable_until_us", "trial_end_us", "started_us", "ended_us"),
    )
    op.create_index("ix_subscriptions_customer", "subscriptions", ["customer"])
    op.create_index("ix_subscriptions_state_period_end_us", "subscriptions", ["state", "period_end_us"])
    op.create_index("ix_subscriptions_invoice", "subscriptions", ["invoice"])
    op.create_index(
        "uq_subscriptions_current", "subscriptions", ["customer"], unique=True,
        sqlite_where=_IS_CURRENT, postgresql_where=_IS_CURRENT,
    )  # fmt: skip
    op.create_table(
        "spells",
        *_keys("subscription"),
        sa.Column("period_start_us", _WHOLE, primary_key=True),
        sa.Column("from_us", _WHOLE, primary_key=True),
        *_texts("plan"),
        *_wholes("version", "seats", "price_grains"),
    )


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, _WHOLE, nullable=False) for name in names]
