"""The request log, and which customers want none of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_NUMBERS = ("at_us", "until_us", "asked_characters", "told_characters")
_ORDER = (
    "customer", "key", "model", "task", "at_us", "until_us", "keep", "asked_characters", "told_characters",
    "asked", "told",
)  # fmt: skip


def upgrade() -> None:
    """Add the table and the column: nothing was kept so far, and nobody had said anything about it."""
    op.add_column("customers", sa.Column("request_log", sa.Text, nullable=False, server_default="plan"))
    op.create_table(
        "logged_answers",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.BigInteger if name in _NUMBERS else sa.Text, nullable=False) for name in _ORDER),
    )
    op.create_index("ix_logged_answers_customer_id", "logged_answers", ["customer", "id"])
    op.create_index("ix_logged_answers_model_id", "logged_answers", ["model", "id"])
    op.create_index("ix_logged_answers_until_us", "logged_answers", ["until_us"])
