"""Answers that the roll-ups have not taken in yet: they are summed many at a time, and not in the commit of each.

Those that are on the books already are in the roll-ups, and a version before adds each as it books it: neither is here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Add the table."""
    op.create_table("unsummed_answers", sa.Column("answer", sa.Text, primary_key=True), sqlite_with_rowid=False)
