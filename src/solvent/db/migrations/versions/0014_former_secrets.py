"""Secrets that keys had before a rotation, good beside the present one for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the table: no key had another secret so far."""
    op.create_table(
        "former_secrets",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_former_secrets_key", "former_secrets", ["key"])
