"""Receipts count sound, pictures and web searches apart, as providers price them; corrections of prices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BUCKETS = (
    "audio_input_tokens", "cached_audio_input_tokens", "image_input_tokens", "cached_image_input_tokens",
    "audio_output_tokens", "image_output_tokens", "web_searches",
)  # fmt: skip


def upgrade() -> None:
    """Add the new tables and columns."""
    for name in _BUCKETS:
        op.add_column("receipts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "corrections",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("customer", "plan", "model", "book", "from_card", "card", "currency")
        ),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("cost_grains", "charge_grains", "granted_grains", "included_grains", "overrun_grains")
        ),
    )
    op.create_index("ix_corrections_answer", "corrections", ["answer"])
    op.create_index("ix_corrections_at_us", "corrections", ["at_us"])
