"""People, their sessions, and sign-ins that failed lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add the tables: nobody had an account so far."""
    op.create_table(
        "people",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("closed_us", sa.BigInteger, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
    )
    op.create_index("uq_people_email", "people", ["email"], unique=True)
    op.create_index("ix_people_customer", "people", ["customer"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_table(
        "failed_sign_ins",
        sa.Column("at_us", sa.BigInteger, primary_key=True),
        sa.Column("who", sa.Text, primary_key=True),
    )
    op.create_index("ix_failed_sign_ins_who_at_us", "failed_sign_ins", ["who", "at_us"])
