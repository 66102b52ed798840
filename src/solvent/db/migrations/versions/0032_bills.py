"""What providers bill, beside what our books held when a bill was taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add the tables: so far nothing was held against the books."""
    op.create_table(
        "bills",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("first_day", "until_day")),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("zone", "layout", "file_name", "digest", "currency", "books_currency", "rates")
        ),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("rows", "left_out", "billed_grains", "booked_grains", "beside_grains")
        ),
    )
    op.create_index("ix_bills_provider_first_day", "bills", ["provider", "first_day"])
    op.create_index("ix_bills_at_us", "bills", ["at_us"])
    op.create_table(
        "bill_lines",
        sa.Column("bill", sa.Text, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("named", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("model", "amount", "rate")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("grains", "rows")),
    )
    op.create_table(
        "bill_costs",
        sa.Column("bill", sa.Text, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("sold_as", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("grains", "answers")),
    )
    op.create_table(
        "bill_replacements",
        sa.Column("bill", sa.Text, primary_key=True),
        sa.Column("replaced_by", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_bill_replacements_replaced_by", "bill_replacements", ["replaced_by"])
