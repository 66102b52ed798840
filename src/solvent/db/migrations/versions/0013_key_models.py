"""A key may be limited to some models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column: every key could ask every model so far."""
    op.add_column("keys", sa.Column("models", sa.Text, nullable=False, server_default="[]"))
