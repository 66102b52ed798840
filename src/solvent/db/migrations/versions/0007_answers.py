"""Receipts say who paid and what a plan covered; margins keep gifts apart from income, and are summed; alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_WHOLE = sa.BigInteger
_SUMS = (
    "answers", "failed", "charge_grains", "granted_grains", "included_grains", "earned_grains", "cost_grains",
    "estimated_answers", "input_tokens", "output_tokens", "energy_uj",
)  # fmt: skip


def upgrade() -> None:
    """Add the new tables and columns."""
    op.add_column("receipts", sa.Column("source", sa.Text, nullable=False, server_default="wallet"))
    for name in ("granted_grains", "included_grains"):
        op.add_column("receipts", sa.Column(name, _WHOLE, nullable=False, server_default="0"))
    op.create_index("ix_receipts_customer_id", "receipts", ["customer", "id", "key", "end_user", "model"])
    _sum_margins()
    op.create_table(
        "alarms",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", _WHOLE, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "subject", "words")),
    )
    op.create_index("ix_alarms_at_us", "alarms", ["at_us"])


def _sum_margins() -> None:
    op.rename_table("margins", "margins_before")
    _create_margins("margins", "day", "customer", "plan", "model")
    op.create_index("ix_margins_customer_day", "margins", ["customer", "day"])
    _create_margins("house_margins", "day", "plan", "model")
    _create_margins("customer_margins", "through", "customer")
    nothing = ("granted_grains", "included_grains", "earned_grains")
    known = [name for name in _SUMS if name not in nothing]
    sums = ", ".join(known)
    summed = ", ".join(f"sum({name})" for name in known)
    # Totals of customers are kept when the next day begins.
    for table, keys in (("margins", "day, customer, plan, model"), ("house_margins", "day, plan, model")):
        op.execute(
            f"INSERT INTO {table} ({keys}, {sums}, {', '.join(nothing)}) "  # noqa: S608
            f"SELECT {keys}, {summed}, 0, 0, 0 FROM margins_before GROUP BY {keys}"
        )
    op.drop_table("margins_before")


def _create_margins(name: str, *keys: str) -> None:
    op.create_table(
        name,
        *(
            sa.Column(key, _WHOLE if key in ("day", "through") else sa.Text, primary_key=True, autoincrement=False)
            for key in keys
        ),
        *(sa.Column(column, _WHOLE, nullable=False) for column in _SUMS),
        sqlite_with_rowid=False,
    )
