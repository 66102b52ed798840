"""A key may be limited to some addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column: every key could be used from everywhere so far."""
    op.add_column("keys", sa.Column("addresses", sa.Text, nullable=False, server_default="[]"))
