"""Responses that customers may go on from, where keeping them is switched on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the table: nothing was kept so far."""
    op.create_table(
        "kept_responses",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
    )
    op.create_index("ix_kept_responses_until_us", "kept_responses", ["until_us"])
