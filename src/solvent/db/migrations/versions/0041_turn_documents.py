"""The texts of files that come with questions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "turn_documents",
        sa.Column("turn", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("pages", sa.BigInteger, nullable=False),
        sa.Column("pages_read", sa.BigInteger, nullable=False),
        sa.Column("is_cut", sa.BigInteger, nullable=False),
    )
