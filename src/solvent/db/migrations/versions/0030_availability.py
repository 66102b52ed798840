"""What engines of ours cost while nobody asked, and by what an answer's share of one is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_TEXTS = ("id", "model", "currency", "cost_card")
_COLUMNS = (
    "id", "day", "model", "from_us", "until_us", "busy_us", "idle_us", "idle_uj", "energy_estimated", "currency",
    "idle_grains", "cost_card",
)  # fmt: skip


def upgrade() -> None:
    """Add the journal, and the column: of older answers nobody noted it."""
    op.create_table(
        "availability",
        *(
            sa.Column(name, sa.Text if name in _TEXTS else sa.BigInteger, primary_key=name == "id", nullable=False)
            for name in _COLUMNS
        ),
    )
    op.create_index("ix_availability_day", "availability", ["day"])
    op.add_column("receipts", sa.Column("attribution", sa.Text, nullable=False, server_default=""))
