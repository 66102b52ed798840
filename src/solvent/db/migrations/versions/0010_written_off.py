"""What of an invoice nobody expects to be paid any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column: nothing was written off so far."""
    op.add_column("invoices", sa.Column("written_off_grains", sa.BigInteger, nullable=False, server_default="0"))
