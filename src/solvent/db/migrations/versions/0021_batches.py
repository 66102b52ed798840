"""Batches and their lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_TEXTS = (
    "customer", "key", "endpoint", "input_file", "metadata", "state", "ends", "holder", "output_file", "error_file",
    "faults",
)  # fmt: skip
_ORDER = (
    "customer", "key", "endpoint", "input_file", "metadata", "kept_us", "created_us", "expires_us", "state", "ends",
    "holder", "total", "completed", "failed", "charge_grains", "in_progress_us", "finalizing_us", "cancelling_us",
    "ended_us", "output_file", "error_file", "faults",
)  # fmt: skip


def upgrade() -> None:
    """Add the tables: nothing was asked in batches so far."""
    op.create_table(
        "batches",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text if name in _TEXTS else sa.BigInteger, nullable=False) for name in _ORDER),
    )
    op.create_index("ix_batches_customer_id", "batches", ["customer", "id"])
    op.create_index("ix_batches_state", "batches", ["state"])
    op.create_table(
        "batch_lines",
        sa.Column("batch", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("custom_id", sa.Text, nullable=False),
        sa.Column("starts", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_batch_lines_batch_state", "batch_lines", ["batch", "state", "number"])
