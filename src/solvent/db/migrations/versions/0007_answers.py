"""Receipts say who paid and what a plan covered; margins keep gifts apart from income; alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the new tables and columns."""
    op.add_column("receipts", sa.Column("source", sa.Text, nullable=False, server_default="wallet"))
    for name in ("granted_grains", "included_grains"):
        op.add_column("receipts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
        op.add_column("margins", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_receipts_customer_id", "receipts", ["customer", "id"])
    op.create_index("ix_margins_customer_day", "margins", ["customer", "day"])
    op.create_table(
        "alarms",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "subject", "words")),
    )
    op.create_index("ix_alarms_at_us", "alarms", ["at_us"])
