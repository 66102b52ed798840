"""The languages of customers who have no profile of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Add the table, with what the people of each customer have chosen; of several, the one who came last counts."""
    op.create_table(
        "spoken",
        sa.Column("customer", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
    )
    op.execute(
        "INSERT INTO spoken (customer, language) SELECT customer, language FROM people AS one"
        " WHERE customer IS NOT NULL AND customer <> '' AND language <> ''"
        " AND NOT EXISTS (SELECT 1 FROM people AS later WHERE later.customer = one.customer AND later.language <> ''"
        " AND later.id > one.id)"
    )
