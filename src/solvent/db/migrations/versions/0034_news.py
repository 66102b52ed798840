"""What people are told by letter though they did not ask: kept until it is sent, and that it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Add the table: so far nobody was told anything by themselves."""
    op.create_table(
        "news",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("person", "kind", "about")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("at_us", "next_us", "tries")),
    )
    op.create_index("ix_news_next_us", "news", ["next_us"])
    op.create_index("ix_news_person_at_us", "news", ["person", "at_us"])
    op.create_index("ix_news_at_us", "news", ["at_us"])
