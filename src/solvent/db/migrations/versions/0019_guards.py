"""What guards did to an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the column: there were no guards so far."""
    op.add_column("receipts", sa.Column("guards", sa.Text, nullable=False, server_default=""))
