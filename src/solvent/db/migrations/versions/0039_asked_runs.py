"""Runs of the simulator that pages ask for: what waits, what runs and how far it is, and how each ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Add the table: so far only commands ran the simulator."""
    op.create_table(
        "asked_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "command", "state", "holder", "stage")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("done", "whole", "ended_us")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("run", "code", "fault")),
        sa.Column("files", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_asked_runs_state", "asked_runs", ["state"])
