"""Files that customers upload, and their bytes in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the tables: nobody could upload anything so far."""
    op.create_table(
        "files",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_files_customer_id", "files", ["customer", "id"])
    op.create_index("ix_files_state_expires_us", "files", ["state", "expires_us"])
    op.create_table(
        "file_pieces",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("starts", sa.BigInteger, primary_key=True),
        sa.Column("piece", sa.LargeBinary, nullable=False),
    )
