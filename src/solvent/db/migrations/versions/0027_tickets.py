"""Tickets of letters, browsers that people signed in with, and when they confirmed their address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add the tables; nobody has confirmed anything so far."""
    op.add_column("people", sa.Column("confirmed_us", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "tickets",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("browser", sa.LargeBinary, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_tickets_person", "tickets", ["person"])
    op.create_index("ix_tickets_until_us", "tickets", ["until_us"])
    op.create_table(
        "known_browsers",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
    )
