"""A key may be limited to some uses, and trusted with a header that says whom it asks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the columns: every key could be used for everything so far, and no header was looked at."""
    op.add_column("keys", sa.Column("uses", sa.Text, nullable=False, server_default="[]"))
    op.add_column("keys", sa.Column("user_header", sa.Text, nullable=False, server_default=""))
