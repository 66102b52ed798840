"""What an answer was asked before it was answered, and what those attempts may cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns: nothing was asked twice so far."""
    op.add_column("receipts", sa.Column("tries", sa.Text, nullable=False, server_default=""))
    op.add_column("receipts", sa.Column("lost_grains", sa.BigInteger, nullable=False, server_default="0"))
