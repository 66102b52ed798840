"""The spine: customers, keys, the journal of transfers, balances, receipts, margin roll-ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WHOLE = sa.BigInteger


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "customers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("created_us", _WHOLE, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_us", _WHOLE, nullable=False),
    )
    op.create_index("uq_keys_digest", "keys", ["digest"], unique=True)
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", _WHOLE, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("state", "debit", "credit")),
        sa.Column("grains", _WHOLE, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("resolves", sa.Text, sa.ForeignKey("transfers.id")),
        sa.Column("held_grains", _WHOLE, nullable=False),
        sa.Column("expires_us", _WHOLE),
        sa.Column("reference", sa.Text, nullable=False),
    )
    op.create_index("uq_transfers_resolves", "transfers", ["resolves"], unique=True)
    op.create_table(
        "balances",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("currency", sa.Text, primary_key=True),
        *(sa.Column(name, _WHOLE, nullable=False) for name in ("debits", "credits", "held_debits", "held_credits")),
    )
    op.create_table("marks", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    _create_receipts()
    op.create_table(
        "margins",
        sa.Column("day", _WHOLE, primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("customer", "plan", "model")),
        *(
            sa.Column(name, _WHOLE, nullable=False)
            for name in (
                "answers", "failed", "charge_grains", "cost_grains", "estimated_answers", "input_tokens",
                "output_tokens", "energy_uj",
            )
        ),
    )  # fmt: skip


def _create_receipts() -> None:
    texts = {
        "customer", "plan", "key", "end_user", "model", "provider", "upstream", "reason", "outcome", "finish",
        "fault", "currency", "provider_currency", "cost_card", "price_card", "exchange", "alarms", "usage_report",
    }  # fmt: skip
    columns = (
        "at_us", "customer", "plan", "key", "end_user", "model", "provider", "upstream", "reason", "outcome",
        "finish", "fault", "streamed", "output_tokens_max", "input_tokens", "cached_input_tokens",
        "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "engine_us",
        "energy_uj", "usage_estimated", "energy_estimated", "cost_input_tokens", "currency", "cost_grains",
        "charge_grains", "overrun_grains", "provider_currency", "provider_cost_grains", "cost_card", "price_card",
        "exchange", "first_token_us", "total_us", "alarms", "usage_report",
    )  # fmt: skip
    op.create_table(
        "receipts",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text if name in texts else _WHOLE, nullable=False) for name in columns),
    )
