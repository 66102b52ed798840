"""Conversations of people, their turns, and the pictures that came with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Add the tables: nobody talked here so far."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.Text, nullable=False),
        sa.Column("link", sa.Text),
        sa.Column("shared", sa.Text, nullable=False),
        sa.Column("deleted_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_conversations_person_used_us", "conversations", ["person", "used_us"])
    op.create_index("uq_conversations_link", "conversations", ["link"], unique=True)
    op.create_index("ix_conversations_deleted_us", "conversations", ["deleted_us"])
    op.create_table(
        "turns",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("pictures", sa.BigInteger, nullable=False),
        sa.Column("model_class", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("left_out", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_turns_conversation", "turns", ["conversation", "id"])
    op.create_table(
        "turn_pictures",
        sa.Column("turn", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
