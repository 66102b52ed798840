"""Runs of the simulator that are kept, each with its numbers and its report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Add the table: so far no run was kept."""
    op.create_table(
        "simulation_runs",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "actor")),
        sa.Column("is_dated", sa.BigInteger, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("brief", sa.LargeBinary, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("said", "report")),
    )
    op.create_index("ix_simulation_runs_at_us", "simulation_runs", ["at_us"])
