"""On receipts, whether the customer's own terms were free: what free answers cost is told by that from here on.

Receipts from before say that they were not, and their costs stay with what they were for.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Add the column."""
    op.add_column("receipts", sa.Column("on_free_plan", sa.BigInteger, nullable=False, server_default="0"))
