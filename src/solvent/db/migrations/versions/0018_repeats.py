"""Questions that carry an `Idempotency-Key`, for processes that did not answer them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the table: each process knew only its own so far."""
    op.create_table(
        "repeats",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("given", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("asked_us", sa.BigInteger, nullable=False),
        sa.Column("is_told", sa.BigInteger, nullable=False),
        sa.Column("told", sa.LargeBinary),
    )
    op.create_index("ix_repeats_asked_us", "repeats", ["asked_us"])
