"""Videos, and the seconds of them that an answer used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_TEXTS = ("answer", "customer", "key", "model", "size", "holder", "state", "provider", "place", "fault", "fault_words")
_ORDER = (
    "answer", "customer", "key", "model", "seconds", "size", "created_us", "expires_us", "taken_until_us", "holder",
    "state", "provider", "place", "percent", "looks", "misses", "looked_us", "next_look_us", "ended_us", "gone_us",
    "charge_grains", "fault", "fault_words",
)  # fmt: skip


def upgrade() -> None:
    """Add the table and the columns: there was none of it so far."""
    op.create_table(
        "videos",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text if name in _TEXTS else sa.BigInteger, nullable=False) for name in _ORDER),
        sa.Column("pledge", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_videos_customer_id", "videos", ["customer", "id"])
    op.create_index("ix_videos_state_next_look_us", "videos", ["state", "next_look_us"])
    for table in ("receipts", "margins", "house_margins", "customer_margins"):
        op.add_column(table, sa.Column("video_seconds", sa.BigInteger, nullable=False, server_default="0"))
